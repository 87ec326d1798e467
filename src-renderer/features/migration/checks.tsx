import { Button, Loader } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconCheck } from '@tabler/icons-react';
import { useRoute } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';
import { formatNumber } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import classes from './migration.module.css';
import type { Migration } from './next-step.ts';

const texts = migrationTexts.cutover;
const icons = { pass: IconCheck, warn: IconAlertTriangle, fail: IconBan };

/** What the source and the target say now. That the machine is replicated there already is no news here. */
export function useChecks(migration: Migration) {
  const { machineId, targetId, settings } = migration;
  const answer = useRoute('migrations.check', { query: { machineId, targetId, quiesce: settings.quiesce } });
  const items = answer.data?.items.filter(({ id }) => id !== 'conflict');
  return { answer, items, failed: items?.some(({ outcome }) => outcome === 'fail') ?? answer.error !== null };
}

export function Checks({ answer, items }: ReturnType<typeof useChecks>) {
  if (answer.isFetching && !items) {
    return (
      <p className={classes.quiet} role="status">
        <Loader size={12} /> {texts.checking}
      </p>
    );
  }
  if (!items) return <Notice tone="bad">{answer.error?.message}</Notice>;
  const passed = items.filter(({ outcome }) => outcome === 'pass');
  return (
    <>
      <ul className={classes.checks}>
        {items
          .filter(({ outcome }) => outcome !== 'pass')
          .map(({ id, outcome, text, action }) => {
            const Icon = icons[outcome];
            return (
              <li key={`${id} ${text}`} className={classes.check} data-outcome={outcome}>
                <Icon size={15} aria-hidden />
                <span>
                  {text}
                  {action === undefined ? null : <div className={classes.small}>{action}</div>}
                </span>
              </li>
            );
          })}
        {passed.length === 0 ? null : (
          <li className={classes.check} data-outcome="pass" title={passed.map(({ text }) => text).join('\n')}>
            <IconCheck size={15} aria-hidden />
            <span>{texts.passed(formatNumber(passed.length))}</span>
          </li>
        )}
      </ul>
      <Button variant="subtle" color="gray" loading={answer.isFetching} onClick={() => void answer.refetch()}>
        {migrationTexts.actions.checkAgain}
      </Button>
    </>
  );
}
