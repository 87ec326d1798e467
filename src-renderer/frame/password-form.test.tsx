// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { ClientError } from '../api/client-error.ts';
import { signedIn, useSession } from '../stores/session.ts';
import { renderWith } from '../testing/render.tsx';
import { PasswordForm } from './password-form.tsx';

const change = () => {
  for (const label of ['New password', 'New password again'])
    fireEvent.change(screen.getByLabelText(label), { target: { value: 'a sentence of her own' } });
  fireEvent.click(screen.getByRole('button', { name: 'Change password' }));
};

test('the password that was typed at the sign-in is not asked for again', async () => {
  let done = false;
  const { calls } = renderWith(<PasswordForm typed="given by somebody" onDone={() => (done = true)} />, { 'auth.password': undefined });
  expect(screen.queryByLabelText('Current password')).toBeNull();
  change();
  await waitFor(() => expect(done).toBe(true));
  expect(calls.at(-1)?.input).toEqual({ body: { current: 'given by somebody', next: 'a sentence of her own' } });
});

test('it is asked for where it was changed meanwhile', async () => {
  const refused = new ClientError('argument.invalid', 'The current password is wrong.', { field: 'current' });
  renderWith(<PasswordForm typed="given by somebody" onDone={() => {}} />, { 'auth.password': refused });
  change();
  expect(await screen.findByText('The current password is wrong.')).toBeTruthy();
  expect(screen.getByLabelText('Current password')).toBeTruthy();
});

test('it is held only for somebody who must change it, and until that is done', () => {
  const user = { id: 'u1', name: 'anna', role: 'viewer', mustChangePassword: true } as const;
  const held = () => JSON.stringify(useSession.getState()).includes('given by somebody');
  signedIn(user, 'given by somebody');
  expect(held()).toBe(true);
  signedIn({ ...user, mustChangePassword: false });
  expect(held()).toBe(false);
  signedIn({ ...user, mustChangePassword: false }, 'given by somebody');
  expect(held()).toBe(false);
});
