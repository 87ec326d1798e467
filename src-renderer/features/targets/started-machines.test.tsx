// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { renderWith } from '../../testing/render.tsx';
import { targetMachineTexts as texts } from '../../texts/target-machines.ts';
import { StartedMachines } from './started-machines.tsx';

const at = '2030-01-01T00:00:00Z';
const target = (id: string, more: object = {}): Output<'targets.list'>['items'][number] => ({
  ...{ id, kind: 'local', name: id, folder: `/srv/${id}`, freeBytes: 1, totalBytes: 2, createdAt: at, ...more },
});
const left = { machineId: 'm1', name: 'web', running: true, inUse: false, since: at, where: 'VNC at unix:/tmp/vnc' };

test('a machine that nothing answers for is stopped after its name was typed; one of a migration leads to it', async () => {
  const { calls } = renderWith(<StartedMachines targets={[target('shelf'), target('gone', { freeBytes: undefined })]} />, {
    'targets.machines': {
      items: [
        left,
        { ...left, machineId: 'm2', name: 'db', inUse: true, migrationId: 'j1' },
        { ...left, machineId: 'm3', name: 'mail', inUse: true, running: false },
      ],
    },
    'targets.stopMachine': undefined,
  });
  const table = await screen.findByRole('table', { name: texts.title });
  expect(within(table).getByRole('link', { name: texts.migration }).getAttribute('href')).toContain('/migrations/j1');
  expect(within(table).getByText(texts.inUse)).toBeDefined();
  expect(within(table).getByText(texts.ended)).toBeDefined();
  fireEvent.click(screen.getByRole('button', { name: texts.stopOf('web', true) }));
  const dialog = await screen.findByRole('dialog', { name: texts.confirm.title('web', 'shelf', true) });
  const act = within(dialog).getByRole('button', { name: texts.confirm.action(true) });
  expect(act.hasAttribute('disabled')).toBe(true);
  fireEvent.change(within(dialog).getByRole('textbox'), { target: { value: 'web' } });
  fireEvent.click(act);
  await waitFor(() =>
    expect(calls.find(({ id }) => id === 'targets.stopMachine')?.input).toEqual({ params: { id: 'shelf', machineId: 'm1' } }),
  );
  // One that is not reached says so in its own row.
  expect(calls.filter(({ id }) => id === 'targets.machines').map(({ input }) => input)).not.toContainEqual({ params: { id: 'gone' } });
});

test('a viewer sees it and cannot stop it', async () => {
  renderWith(<StartedMachines targets={[target('shelf')]} />, { 'targets.machines': { items: [left] } }, { role: 'viewer' });
  expect(await screen.findByText(texts.alone)).toBeDefined();
  expect(screen.queryByRole('button', { name: texts.stopOf('web', true) })).toBeNull();
});
