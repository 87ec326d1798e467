// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { usePreferences } from '../stores/preferences.ts';
import { signedIn, signedOut, useSession } from '../stores/session.ts';
import { renderWith } from '../testing/render.tsx';
import { UserMenu } from './user-menu.tsx';

const anna = { id: 'u1', name: 'anna', role: 'admin', mustChangePassword: false } as const;
const ben = { ...anna, id: 'u2', name: 'ben' };
const shortcuts = { opened: false, open: () => {}, close: () => {} };
const WhileSignedIn = () => (useSession(({ session }) => session.state) === 'signed-in' ? <UserMenu shortcuts={shortcuts} /> : null);
const openMenu = (name: string) => fireEvent.click(screen.getByRole('button', { name: `Menu of ${name}` }));
const choose = (name: string) => fireEvent.click(screen.getByRole('radio', { name }));
const checked = () =>
  screen
    .getAllByRole<HTMLInputElement>('radio')
    .filter((radio) => radio.checked)
    .map(({ value }) => value);

beforeEach(() => {
  localStorage.clear();
  usePreferences.setState(usePreferences.getInitialState(), true);
});

test('how it looks is kept for each user: who signs in next does not get it, and who comes back has it again', async () => {
  renderWith(<WhileSignedIn />);
  act(() => signedIn(anna));
  openMenu('anna');
  choose('Dark');
  choose('Comfortable');
  expect(checked()).toEqual(['dark', 'comfortable']);
  act(() => signedOut());
  // The page to sign in stays as it was.
  expect(usePreferences.getState().appearance).toBe('dark');
  act(() => signedIn(ben));
  openMenu('ben');
  expect(checked()).toEqual(['system', 'compact']);
  choose('Light');
  act(() => signedOut());
  act(() => signedIn(anna));
  openMenu('anna');
  expect(checked()).toEqual(['dark', 'comfortable']);
  // It is what the next start of the client finds.
  await usePreferences.persist.rehydrate();
  expect(usePreferences.getState()).toMatchObject({ appearance: 'dark', density: 'comfortable' });
});
