import { Anchor } from '@mantine/core';
import { useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { schedulesTexts, tasksTexts as texts } from '../../texts/schedules.ts';

/** What works with the same machine before a task, or did until that was too late; a person may not be allowed to see it. */
export function Turn({ after, past = false, linked = false }: { after: string; past?: boolean; linked?: boolean }) {
  const { data } = useRoute('tasks.get', { params: { id: after } });
  const say = past ? texts.heldBy : texts.waitsFor;
  if (data?.machineName === undefined) return say(texts.otherWork);
  // Migrations of one machine differ by their targets.
  const words = say(texts.title(schedulesTexts.kinds[data.kind], texts.route(data.machineName, data.targetName)));
  if (!linked || data.migrationId === undefined) return words;
  return <Anchor href={hrefOf(`/migrations/${data.migrationId}`)}>{words}</Anchor>;
}
