// @vitest-environment happy-dom
import { act, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { renderWith } from '../testing/render.tsx';
import { ClientError } from './client-error.ts';
import { useWindow, type Window, type WindowQuery } from './use-window.ts';

const TOTAL = 10_000;
type Query = WindowQuery<'vms.list'>;

interface Hook {
  latest?: Window<'vms.list'>;
  ask?: (query: Query) => void;
}

function Reader({ first, hook }: { first: Query; hook: Hook }) {
  const [query, ask] = useState(first);
  hook.ask = ask;
  hook.latest = useWindow('vms.list', query);
  return null;
}

function show(query: Query, total = TOTAL) {
  const hook: Hook = {};
  const shown = renderWith(<Reader first={query} hook={hook} />, {
    'vms.list': ({ query: { position = 0, limit = 50, text } = {} }) => {
      if (text === 'fails') throw new ClientError('client.offline', 'It cannot be reached.');
      const length = Math.max(0, Math.min(Number(limit), total - Number(position)));
      const items = Array.from({ length }, (_, index) => ({ id: `${text ?? 'm'}${Number(position) + index}` }));
      return { items: items as never, total };
    },
  });
  const positions = () => shown.calls.map(({ input }) => (input as { query: { position?: number } }).query.position ?? 0);
  return { ...shown, positions, ask: (next: Query) => hook.ask!(next), now: () => hook.latest! };
}

test('the end of ten thousand rows is one call away, and those between are not asked for', async () => {
  const { now, positions } = show({ sort: 'name' });
  await waitFor(() => expect(now().total).toBe(TOTAL));
  expect(now().rows).toHaveLength(TOTAL);
  act(() => now().onRange(0, 40));
  act(() => now().onRange(9960, 9999));
  await waitFor(() => expect(now().rows[9999]).toEqual({ id: 'm9999' }));
  expect(positions()).toEqual([0, 9900]);
  expect(now().rows[0]).toEqual({ id: 'm0' });
  expect(now().rows[5000]).toBeUndefined();
});

test('what becomes old is asked for anew where it is in sight, and nowhere else', async () => {
  const { now, positions, core } = show({ sort: 'name' });
  await waitFor(() => expect(now().total).toBe(TOTAL));
  act(() => now().onRange(500, 540));
  await waitFor(() => expect(now().rows[540]).toBeDefined());
  const before = positions().length;
  await act(() => core.queries.invalidateQueries());
  expect(positions().slice(before)).toEqual([400, 500]);
});

test('another query shows the former rows until its own are there, and begins at the first', async () => {
  const { now, ask, positions } = show({ sort: 'name' });
  await waitFor(() => expect(now().total).toBe(TOTAL));
  act(() => now().onRange(9960, 9999));
  await waitFor(() => expect(now().rows[9999]).toBeDefined());
  const { place } = now();
  act(() => ask({ sort: 'name', text: 'web' }));
  expect(now().place).toBe(place);
  expect(now().rows[9999]).toEqual({ id: 'm9999' });
  await waitFor(() => expect(now().place).not.toBe(place));
  expect(now().rows[0]).toEqual({ id: 'web0' });
  expect(now().rows[9999]).toBeUndefined();
  expect(positions().at(-1)).toBe(0);
});

test('ids of rows that were never in sight come in few calls', async () => {
  const { now, positions } = show({ sort: 'name' }, 2500);
  await waitFor(() => expect(now().total).toBe(2500));
  const ids = await now().idsOf(100, 2499);
  expect(ids).toHaveLength(2400);
  expect(ids?.[0]).toBe('m100');
  expect(positions().slice(1)).toEqual([100, 1100, 2100]);
});

test('what goes wrong before anything came is told', async () => {
  const { now } = show({ sort: 'name', text: 'fails' });
  await waitFor(() => expect(now().error?.code).toBe('client.offline'));
  expect(now().total).toBeUndefined();
});
