import { Button, Checkbox, Loader } from '@mantine/core';
import { IconAlertTriangle, IconBan, IconCheck } from '@tabler/icons-react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoute } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';
import { formatNumber } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import classes from './migration.module.css';
import type { Migration } from './next-step.ts';

const texts = migrationTexts.cutover;
const icons = { pass: IconCheck, warn: IconAlertTriangle, fail: IconBan };

type Check = Output<'migrations.check'>['items'][number];
export type CheckId = Check['id'];

/** What a person takes on before a cutover, by kind. */
export interface Acceptance {
  accepted: readonly CheckId[];
  onChange: (accepted: CheckId[]) => void;
  /** They wanted to begin without it. */
  missing: boolean;
}

/**
 * What the source and the target say now. That the machine is replicated there already is no news here; that it did not boot speaks
 * against a cutover that does not check it anew.
 */
export function useChecks(migration: Migration, { checksBoot }: { checksBoot: boolean }) {
  const { machineId, targetId, settings } = migration;
  const answer = useRoute('migrations.check', { query: { machineId, targetId, quiesce: settings.quiesce } });
  const items = answer.data?.items.filter(({ id }) => id !== 'conflict' && !(id === 'boot-failed' && checksBoot));
  const failed = items?.some(({ outcome }) => outcome === 'fail') ?? answer.error !== null;
  return { answer, items, failed, against: kindsAgainst(items ?? []) };
}

/** The kinds that do not pass, each once. */
export function kindsAgainst(items: readonly Pick<Check, 'id' | 'outcome'>[]): CheckId[] {
  return [...new Set(items.filter(({ outcome }) => outcome !== 'pass').map(({ id }) => id))];
}

export function Checks({ answer, items, against, acceptance }: ReturnType<typeof useChecks> & { acceptance?: Acceptance }) {
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
        {against.map((kind) => (
          <Kind key={kind} kind={kind} items={items} acceptance={acceptance} />
        ))}
        {passed.length === 0 ? null : (
          <li className={classes.check} data-outcome="pass" title={passed.map(({ text }) => text).join('\n')}>
            <IconCheck size={15} aria-hidden />
            <span>{texts.passed(formatNumber(passed.length))}</span>
          </li>
        )}
      </ul>
      <Button variant="default" mt={4} loading={answer.isFetching} onClick={() => void answer.refetch()}>
        {migrationTexts.actions.checkAgain}
      </Button>
    </>
  );
}

function Kind({ kind, items, acceptance }: { kind: CheckId; items: readonly Check[]; acceptance: Acceptance | undefined }) {
  const mine = items.filter(({ id, outcome }) => id === kind && outcome !== 'pass');
  const outcome = mine.some((item) => item.outcome === 'fail') ? 'fail' : 'warn';
  const Icon = icons[outcome];
  const checked = acceptance?.accepted.includes(kind) ?? false;
  return (
    <li className={classes.check} data-outcome={outcome}>
      <Icon size={15} aria-hidden />
      <div>
        {mine.map(({ text, action }) => (
          <div key={text}>
            {text}
            {action === undefined ? null : <div className={classes.small}>{action}</div>}
          </div>
        ))}
        {acceptance ? (
          <Checkbox
            mt={4}
            mb={4}
            data-accepts
            label={texts.accept[kind]}
            checked={checked}
            error={acceptance.missing && !checked ? texts.acceptNeeded : undefined}
            onChange={({ currentTarget }) =>
              acceptance.onChange(
                currentTarget.checked ? [...acceptance.accepted, kind] : acceptance.accepted.filter((other) => other !== kind),
              )
            }
          />
        ) : null}
      </div>
    </li>
  );
}
