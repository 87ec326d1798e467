// @vitest-environment happy-dom
import { act, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { ClientError } from './api/client-error.ts';
import { leaveNotices, notifyDone, notifyFailed } from './notify.tsx';
import { renderWith } from './testing/render.tsx';

afterEach(() => vi.restoreAllMocks());

test('what was done on a page that is left is not told on the next one; what came with the change is, and so is a failure', async () => {
  const now = vi.spyOn(Date, 'now').mockReturnValue(10_000);
  renderWith(null);
  act(() => {
    notifyDone('bob: Viewer now.');
    notifyFailed(new ClientError('target.full', 'There is no space left.'));
  });
  expect(await screen.findByText('bob: Viewer now.')).toBeTruthy();
  now.mockReturnValue(12_000);
  act(() => {
    notifyDone('The migration is started.');
    leaveNotices();
  });
  await waitFor(() => expect(screen.queryByText('bob: Viewer now.')).toBeNull());
  expect(screen.getByText('The migration is started.')).toBeTruthy();
  expect(screen.getByText('There is no space left.')).toBeTruthy();
});
