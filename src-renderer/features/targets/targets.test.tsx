// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { expect, test } from 'vitest';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { renderWith } from '../../testing/render.tsx';
import Targets from './index.tsx';

const at = '2030-01-01T00:00:00Z';
const shelf = { id: 't1', kind: 'local' as const, name: 'Shelf', folder: '/srv/shelf', createdAt: at };
const failure = { code: 'target.unreachable', message: '/srv/shelf is not there.', since: at };

function Screens() {
  const [away, setAway] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setAway(!away)}>
        elsewhere
      </button>
      {away ? null : <Targets params={{}} />}
    </>
  );
}

test('a target that cannot be reached says since when; whoever comes back to the screen sees how it is now', async () => {
  let now: Output<'targets.get'> = { ...shelf, contact: { askedAt: at, failure } };
  renderWith(<Screens />, { 'targets.list': () => ({ items: [now] }), 'migrations.list': { items: [], total: 0 } });
  expect(await screen.findByText('Cannot be reached')).toBeTruthy();
  expect(document.querySelector(`time[datetime="${at}"]`)).toBeTruthy();
  // Not everything is ready while no target can be reached.
  expect(screen.queryByText('Everything is ready.')).toBeNull();
  now = { ...shelf, freeBytes: 1, totalBytes: 2, contact: { askedAt: at, answeredAt: at } };
  const leave = screen.getByRole('button', { name: 'elsewhere' });
  fireEvent.click(leave);
  await waitFor(() => expect(screen.queryByText('Shelf')).toBeNull());
  await act(async () => fireEvent.click(leave));
  expect(await screen.findByText('Reachable')).toBeTruthy();
  expect(await screen.findByText('Everything is ready.')).toBeTruthy();
});
