// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { ClientError } from '../../api/client-error.ts';
import { useSession } from '../../stores/session.ts';
import { renderWith } from '../../testing/render.tsx';
import FirstStart from './index.tsx';

const user = { id: 'u1', name: 'anna', role: 'admin', mustChangePassword: false } as const;
const later = '2030-01-01T00:00:00Z';
const session = { accessToken: '', refreshToken: '', accessExpiresAt: later, refreshExpiresAt: later, user };
const fill = (label: string | RegExp, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const state = () => useSession.getState().session.state;

beforeEach(() => {
  location.hash = '';
});

function begin(kind: 'web' | 'desktop', setup: () => typeof session) {
  const shown = renderWith(<FirstStart />, { 'auth.setup': setup, 'lab.start': { running: true, machines: 10, sourceId: 's1' } }, {}, kind);
  useSession.setState({ session: { state: 'first-start' } });
  return shown;
}

test('in the application: a name, a password, the lab, and the machines are there', async () => {
  const { calls } = begin('desktop', () => session);
  expect(screen.queryByLabelText('Set-up token')).toBeNull();
  fill('Name', 'anna');
  fill('Password', 'a long enough password');
  fill('Password again', 'a long enough passwort');
  fireEvent.click(screen.getByRole('button', { name: 'Create the administrator' }));
  expect(await screen.findByText('The two are not the same.')).toBeTruthy();
  expect(calls).toEqual([]);
  fill('Password again', 'a long enough password');
  fireEvent.click(screen.getByRole('button', { name: 'Create the administrator' }));
  fireEvent.click(await screen.findByRole('button', { name: /Try the lab/ }));
  await waitFor(() => expect(state()).toBe('signed-in'));
  expect(location.hash).toBe('#/machines');
  expect(calls).toEqual([
    { id: 'auth.setup', input: { body: { name: 'anna', password: 'a long enough password' } } },
    { id: 'lab.start', input: { body: {} } },
  ]);
});

test('in a browser the set-up token is asked for, and a wrong one is said where it was typed', async () => {
  let refused = true;
  const { calls } = begin('web', () => {
    if (refused) throw new ClientError('auth.denied', 'The set-up token is wrong.', { field: 'token' });
    return session;
  });
  fill('Set-up token', ' abc ');
  fill('Name', 'anna');
  fill('Password', 'a long enough password');
  fill('Password again', 'a long enough password');
  fireEvent.click(screen.getByRole('button', { name: 'Create the administrator' }));
  expect(await screen.findByText('The set-up token is wrong.')).toBeTruthy();
  expect(calls[0]?.input).toMatchObject({ body: { token: 'abc' } });
  refused = false;
  fireEvent.click(screen.getByRole('button', { name: 'Create the administrator' }));
  fireEvent.click(await screen.findByRole('button', { name: /Open disk images/ }));
  await waitFor(() => expect(state()).toBe('signed-in'));
  expect(location.hash).toBe('#/sources/new-images');
});
