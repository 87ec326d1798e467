import { useMediaQuery } from '@mantine/hooks';
import { IconAlertTriangle, IconHistory, IconInfoCircle, IconPoint, IconPower, IconRefresh } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { usePages } from '../../api/queries.tsx';
import { useLiveRun } from '../../stores/live.ts';
import { timelineTexts } from '../../texts/graphics.ts';
import { migrationTexts } from '../../texts/migration.ts';
import { formatDuration, formatNumber, formatSecond, formatTime } from '../../ui/format.ts';
import { Section } from '../../ui/page-header.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Bytes, Duration, When } from '../../ui/values.tsx';
import { type Column, VirtualTable } from '../../ui/virtual-table.tsx';
import { countsOf } from './bytes-of-run.tsx';
import classes from './migration.module.css';
import { downtimeOf, type Migration, type Run, stateOfRun } from './next-step.ts';
import { kindText } from './run-kind.ts';
import { type LogEntry, type LogKind, logOf } from './run-log.ts';

const texts = migrationTexts.runs;
const took = ({ startedAt, endedAt }: Run) => (endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(startedAt));

const columns: Column<Run>[] = [
  { id: 'started', title: texts.started, width: 120, cell: (run) => <When at={run.startedAt} /> },
  { id: 'kind', title: texts.kind, width: 110, cell: (run) => kindText(run) ?? texts.kindOpen },
  { id: 'state', title: texts.state, width: 130, grow: true, cell: (run) => <StatusBadge state={stateOfRun(run)} /> },
  { id: 'took', title: texts.took, width: 110, align: 'end', cell: (run) => <Duration value={took(run)} /> },
  { id: 'read', title: texts.read, width: 100, align: 'end', cell: (run) => <Bytes value={run.counts.read} /> },
  { id: 'sent', title: texts.sent, width: 100, align: 'end', cell: (run) => <Bytes value={run.counts.sent} /> },
  {
    id: 'saved',
    title: texts.saved,
    width: 100,
    align: 'end',
    cell: (run) => <Bytes value={run.counts.zero + run.counts.unchanged} />,
  },
];
/** Rows of the list where the log is below it. */
const ABOVE = 3;
/** Beside the log, which tells the bytes. */
const narrow = columns.filter(({ id }) => id !== 'read' && id !== 'saved');
const idOf = ({ id }: Run) => id;
const nameOf = (run: Run) => `${kindText(run) ?? texts.kindOpen}, ${formatTime(run.startedAt)}`;

/** All runs, and what the chosen one did and said. */
export function RunsTab({ migration }: { migration: Migration }) {
  const pages = usePages('migrations.runs', { params: { id: migration.id }, query: { limit: 100 } });
  const [chosen, setChosen] = useState<string>();
  const beside = useMediaQuery('(min-width: 1181px)', undefined, { getInitialValueInEffect: false });
  if (pages.data === undefined) {
    return pages.error ? <ErrorState error={pages.error} onRetry={() => void pages.refetch()} /> : <LoadingRows />;
  }
  if (pages.rows.length === 0) return <EmptyState icon={IconHistory} title={texts.emptyTitle} hint={texts.emptyHint} />;
  const run = pages.rows.find(({ id }) => id === chosen) ?? pages.rows[0];
  // Above the log a few rows are enough: the others are scrolled to.
  const heightOf = (rows: number) => 30 * (rows + 1) + 30;
  const above = heightOf(Math.min(pages.rows.length, ABOVE));
  const whole = heightOf(pages.hasNextPage ? Number.MAX_SAFE_INTEGER / 1000 : pages.rows.length);
  return (
    <div className={classes.runsTab}>
      <div className={classes.runs} style={{ height: beside ? `min(${whole}px, calc(100dvh - 330px))` : above }}>
        <VirtualTable
          label={texts.list}
          columns={beside ? narrow : columns}
          rows={pages.rows}
          rowId={idOf}
          rowName={nameOf}
          endless={pages.hasNextPage}
          onNeedMore={pages.more}
          onOpen={(row) => setChosen(row.id)}
          footer={pages.rows.length > 1 ? texts.choose : undefined}
        />
      </div>
      {run ? <Details migrationId={migration.id} run={run} /> : null}
    </div>
  );
}

const icons: Record<LogKind, typeof IconPoint> = {
  phase: IconPoint,
  note: IconInfoCircle,
  retry: IconRefresh,
  error: IconAlertTriangle,
  outage: IconPower,
};

function Details({ migrationId, run }: { migrationId: string; run: Run }) {
  const live = useLiveRun(migrationId);
  const heard = live?.runId === run.id ? live : undefined;
  const log = logOf(run, heard?.log ?? []);
  const counts = countsOf(run, heard?.disks);
  const downtime = run.outage && downtimeOf(run.outage);
  const items: [string, ReactNode][] = [
    ...(['read', 'sent', 'zero', 'unchanged'] as const).map((name): [string, ReactNode] => [
      texts[name],
      <Bytes key={name} value={counts[name]} />,
    ]),
    ...(counts.resumed > 0 ? [[texts.resumed, <Bytes key="resumed" value={counts.resumed} />] as [string, ReactNode]] : []),
    [texts.verified, <Bytes key="verified" value={counts.verified} />],
    ...(downtime === undefined ? [] : [[migrationTexts.outage.wasOff, <Duration key="off" value={downtime} />] as [string, ReactNode]]),
  ];
  return (
    <Section title={`${texts.details(kindText(run))}, ${formatTime(run.startedAt)}`}>
      <dl className={classes.runCounts} aria-label={texts.counts}>
        {items.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3 className={classes.subhead}>{texts.log}</h3>
      {log.length === 0 ? (
        <p className={classes.quiet}>{texts.noLog}</p>
      ) : (
        <ol className={classes.log}>
          {log.map((entry, index) => {
            const Icon = icons[entry.kind];
            const advice = entry.kind === 'error' ? migrationTexts.advice(entry.code) : undefined;
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a log only grows, and its lines have no id
              <li key={index} data-kind={entry.kind}>
                <span className={classes.logTime} title={entry.at === undefined ? undefined : formatTime(entry.at)}>
                  {entry.at === undefined ? '' : formatSecond(entry.at)}
                </span>
                <span className={classes.logIcon}>
                  <Icon size={15} aria-hidden />
                </span>
                <span>
                  {prefixOf(entry.kind, entry.attempt)}
                  {wordsOf(entry)}
                  {advice === undefined ? null : (
                    <>
                      {' '}
                      <strong>{texts.whatToDo}</strong> {advice}
                    </>
                  )}
                </span>
                <span className={classes.logTime}>
                  {entry.interrupted
                    ? texts.interrupted
                    : entry.took === undefined || entry.kind === 'outage'
                      ? ''
                      : formatDuration(entry.took)}
                </span>
              </li>
            );
          })}
        </ol>
      )}
    </Section>
  );
}

function wordsOf({ kind, text, took }: LogEntry): string {
  if (kind === 'phase') return timelineTexts.word(text);
  if (kind !== 'outage') return text;
  return migrationTexts.outage.log[text as 'down' | 'up' | 'back'](took === undefined ? undefined : formatDuration(took));
}

function prefixOf(kind: LogKind, attempt: number | undefined): string {
  if (kind === 'retry') return `${texts.retry(formatNumber(attempt))} `;
  if (kind === 'note') return `${texts.note} `;
  return kind === 'error' ? `${texts.error} ` : '';
}
