// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { renderWith } from '../../testing/render.tsx';
import Users from './index.tsx';
import type { User } from './user-state.tsx';

const user = (id: string, name: string, role: User['role']): User => ({
  ...{ id, name, role, source: 'local', disabled: false, mustChangePassword: false, createdAt: '2030-01-01T00:00:00.000Z' },
});
const items = [user('u1', 'anna', 'admin'), user('u2', 'bert', 'operator')];

test('the last administrator stays, and the screen says why', async () => {
  renderWith(<Users params={{}} />, { 'users.list': { items } });
  fireEvent.click(await screen.findByText('anna'));
  const details = within(await screen.findByRole('dialog', { name: 'anna' }));
  details.getByText(/the last administrator/);
  expect((details.getByRole('button', { name: 'Disable' }) as HTMLButtonElement).disabled).toBe(true);
  expect((details.getByRole('radio', { name: 'Viewer' }) as HTMLInputElement).disabled).toBe(true);
});

test('another role is chosen first and given by a button', async () => {
  const { calls } = renderWith(<Users params={{}} />, { 'users.list': { items }, 'users.update': user('u2', 'bert', 'admin') });
  fireEvent.click(await screen.findByText('bert'));
  const details = within(await screen.findByRole('dialog', { name: 'bert' }));
  fireEvent.click(details.getByRole('radio', { name: 'Administrator' }));
  expect(calls.some(({ id }) => id === 'users.update')).toBe(false);
  fireEvent.click(details.getByRole('button', { name: 'Make bert an administrator' }));
  await waitFor(() =>
    expect(calls.find(({ id }) => id === 'users.update')?.input).toEqual({ params: { id: 'u2' }, body: { role: 'admin' } }),
  );
});
