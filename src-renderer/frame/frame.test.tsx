// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { streamIs, useSession } from '../stores/session.ts';
import { renderWith } from '../testing/render.tsx';
import { frameTexts } from '../texts/frame.ts';
import { Frame } from './frame.tsx';
import { openPalette } from './palette.tsx';

const entries = () =>
  within(screen.getByRole('navigation', { name: 'Screens' }))
    .getAllByRole('link')
    .map((link) => link.getAttribute('href'));
const press = (key: string) => fireEvent.keyDown(document.body, { key });

const WhileSignedIn = () => (useSession(({ session }) => session.state) === 'signed-in' ? <Frame /> : null);

beforeEach(() => {
  location.hash = '#/no-such-screen';
  streamIs('live');
});

test('the navigation shows what the role may see', () => {
  renderWith(<Frame />, {}, { role: 'viewer' });
  expect(entries()).toEqual(['#/', '#/machines', '#/migrations', '#/sources', '#/schedules', '#/settings']);
});

test('an address that leads nowhere says so', () => {
  renderWith(<Frame />);
  expect(screen.getByText('There is no such screen')).toBeTruthy();
  expect(entries()).toContain('#/settings');
});

test('an id that cannot be one leads nowhere as well', () => {
  for (const hash of ['#/migrations/a%20b', '#/machines/%C3%A4', '#/sources/a%22b']) {
    location.hash = hash;
    const { unmount } = renderWith(<Frame />);
    expect(screen.getByText('There is no such screen')).toBeTruthy();
    unmount();
  }
});

test('a screen that the role may not see is not opened, neither by its address nor by its key', async () => {
  renderWith(<Frame />, {}, { role: 'operator' });
  press('g');
  press('u');
  expect(location.hash).toBe('#/no-such-screen');
  act(() => {
    location.hash = '#/users';
    dispatchEvent(new Event('hashchange'));
  });
  expect(await screen.findByText('Your role does not allow this')).toBeTruthy();
});

test('G and a letter open a screen; the window is called after it, and its title has the focus', async () => {
  renderWith(<Frame />);
  press('g');
  press('u');
  await waitFor(() => expect(document.title).toBe('Users – Octopus'));
  expect(location.hash).toBe('#/users');
  expect(document.activeElement?.tagName).toBe('H1');
  const current = screen.getByRole('navigation', { name: 'Screens' }).querySelector('[aria-current="page"]');
  expect(current?.getAttribute('href')).toBe('#/users');
});

test('a lost connection is said, and no more once it is back', () => {
  renderWith(<Frame />);
  act(() => streamIs('lost'));
  expect(screen.getByText(/connection to Octopus is lost/)).toBeTruthy();
  act(() => streamIs('live'));
  expect(screen.queryByText(/connection to Octopus is lost/)).toBeNull();
});

test('the menu shows the keys', async () => {
  renderWith(<Frame />);
  fireEvent.click(screen.getByRole('button', { name: 'Menu of anna' }));
  fireEvent.click(await screen.findByRole('button', { name: 'Keyboard shortcuts' }));
  expect(await screen.findByText('Go to a screen; the letter stands beside its name')).toBeTruthy();
});

test('what the server finds is marked as well: Enter opens the first', async () => {
  const machine = { id: 'm1', name: 'web-02', folder: '/Lab/vm' } as never;
  renderWith(<Frame />, { 'vms.list': { items: [machine] } as never, 'migrations.list': { items: [] } as never });
  act(() => openPalette());
  const search = await screen.findByRole('textbox', { name: frameTexts.search });
  fireEvent.change(search, { target: { value: 'web-02' } });
  const found = await screen.findByText('/Lab/vm');
  await waitFor(() => expect(found.closest('[data-action]')?.hasAttribute('data-selected')).toBe(true));
  fireEvent.keyDown(search, { key: 'Enter', code: 'Enter' });
  await waitFor(() => expect(location.hash).toBe('#/machines/m1'));
});

test('the server looks for migrations, and what was searched for is gone with the palette', async () => {
  const migration = { id: 'j1', machineName: 'mail' } as never;
  const { calls } = renderWith(<Frame />, {
    'vms.list': { items: [], total: 0 },
    'migrations.list': { items: [migration], total: 1 },
  });
  act(() => openPalette());
  const search = await screen.findByRole('textbox', { name: frameTexts.search });
  fireEvent.change(search, { target: { value: 'mail' } });
  expect(await screen.findByText('mail', { selector: '[data-action] *' })).toBeTruthy();
  expect(calls.findLast(({ id }) => id === 'migrations.list')?.input).toMatchObject({ query: { text: 'mail' } });
  fireEvent.keyDown(search, { key: 'Escape', code: 'Escape' });
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('whoever signs in next begins at the overview', async () => {
  renderWith(<WhileSignedIn />, { 'auth.logout': undefined as never });
  fireEvent.click(screen.getByRole('button', { name: 'Menu of anna' }));
  fireEvent.click(await screen.findByRole('button', { name: frameTexts.signOut }));
  await waitFor(() => expect(location.hash).toBe('#/'));
});

test('what can be added is found by that word', async () => {
  renderWith(<Frame />, { 'vms.list': { items: [], total: 0 }, 'migrations.list': { items: [], total: 0 } });
  act(() => openPalette());
  fireEvent.change(await screen.findByRole('textbox', { name: frameTexts.search }), { target: { value: 'add' } });
  for (const name of [frameTexts.newMigration, frameTexts.addSource, frameTexts.addTarget, frameTexts.addUser]) {
    await waitFor(() =>
      expect([...document.querySelectorAll('[data-action]')].some((line) => line.textContent?.includes(name))).toBe(true),
    );
  }
});
