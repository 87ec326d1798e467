import { useMemo } from 'react';
import { useRoute } from '../../api/queries.tsx';

/** What is called how, of all that is still there: by id. */
export function useNames(): ReadonlyMap<string, string> {
  const users = useRoute('users.list').data;
  const sources = useRoute('sources.list').data;
  const targets = useRoute('targets.list').data;
  const migrations = useRoute('migrations.list', { query: { limit: 500 } }).data;
  return useMemo(
    () =>
      new Map([
        ...[users, sources, targets].flatMap((answer) => (answer?.items ?? []).map(({ id, name }) => [id, name] as const)),
        ...(migrations?.items ?? []).map(({ id, machineName }) => [id, machineName] as const),
      ]),
    [users, sources, targets, migrations],
  );
}
