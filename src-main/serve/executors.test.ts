import { expect, test } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import type { Task } from '../domain/task.ts';
import { createExecutors } from './executors.ts';

test('a source that does not answer keeps nobody from reading the others, and the task still fails', async () => {
  const read: string[] = [];
  const executors = createExecutors({
    octopus: { store: { sources: { list: async () => ['one', 'silent', 'two'].map((id) => ({ id })) } } },
    environments: {
      syncSource: async (id: string) => {
        if (id === 'silent') throw new OctopusError('source.unreachable', 'Nobody answers.');
        read.push(id);
      },
    },
  } as never);
  const task = { id: 't', kind: 'inventory' } as Task;
  await expect(executors.inventory(task, new AbortController().signal)).rejects.toMatchObject({ code: 'source.unreachable' });
  expect(read).toEqual(['one', 'two']);
});
