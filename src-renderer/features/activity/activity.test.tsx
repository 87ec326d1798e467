// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { type Answers, renderWith } from '../../testing/render.tsx';
import { everything, filterActivity } from './activity-filter.ts';
import Activity from './index.tsx';

const hash = 'ab'.repeat(32);
const base: Answers = {
  'activity.list': {
    items: [
      {
        id: 7,
        at: '2030-01-01T00:00:00Z',
        actor: { userId: 'u1', name: 'anna' },
        action: 'target.update',
        subjectKind: 'target',
        subjectId: 't1',
        before: { name: 'old', folder: '/srv' },
        after: { name: 'new', folder: '/srv' },
        outcome: 'succeeded',
        previousHash: hash,
        hash,
      },
    ],
  },
  'users.list': { items: [] },
  'sources.list': { items: [] },
  'targets.list': { items: [] },
  'migrations.list': { items: [], total: 0 },
};

beforeEach(() => filterActivity(everything));

test('an entry tells what changed, and leads to all about its subject', async () => {
  const { calls } = renderWith(<Activity />, base);
  fireEvent.click(await screen.findByText('Renamed a target'));
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText('old').tagName).toBe('DEL');
  expect(within(dialog).getByText('new').tagName).toBe('INS');
  expect(within(dialog).getByText('1 part stayed as it was.')).toBeTruthy();
  fireEvent.click(within(dialog).getByRole('button', { name: 'All about this target' }));
  await waitFor(() => expect(calls.at(-1)?.input).toMatchObject({ query: { subjectKind: 'target', subjectId: 't1' } }));
});

test('a log that was tampered with is said in words', async () => {
  renderWith(<Activity />, {
    ...base,
    'activity.verify': {
      whole: false,
      entries: 5,
      head: hash,
      broken: { id: 6, fault: 'changed', message: 'its content is not what its hash says.' },
    },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'Verify the chain' }));
  expect((await screen.findByRole('alert')).textContent).toMatch(/tampered.*An entry was changed.*At entry 6/);
  expect(screen.getByText(/^5 entries before it hold/)).toBeTruthy();
});
