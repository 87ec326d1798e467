import { Anchor } from '@mantine/core';
import { useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { schedulesTexts, tasksTexts as texts } from '../../texts/schedules.ts';

/** What works with the same machine before a task; a person may not be allowed to see it. */
export function Turn({ after, linked = false }: { after: string; linked?: boolean }) {
  const { data } = useRoute('tasks.get', { params: { id: after } });
  if (data?.machineName === undefined) return texts.waitsForMachine;
  const words = texts.waitsFor(texts.title(schedulesTexts.kinds[data.kind], data.machineName));
  if (!linked || data.migrationId === undefined) return words;
  return <Anchor href={hrefOf(`/migrations/${data.migrationId}`)}>{words}</Anchor>;
}
