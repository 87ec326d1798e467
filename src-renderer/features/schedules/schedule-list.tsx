import { Button, Drawer, Select } from '@mantine/core';
import { IconCalendarClock } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { useRowHeight } from '../../stores/preferences.ts';
import { useMay } from '../../stores/session.ts';
import { scheduleFormTexts, schedulesTexts as texts } from '../../texts/schedules.ts';
import { formatDuration, formatMoment, formatWeekClock, ownZone } from '../../ui/format.ts';
import { SearchedTable } from '../../ui/searched-table.tsx';
import { EmptyState, Loaded } from '../../ui/states.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { When } from '../../ui/values.tsx';
import type { Column } from '../../ui/virtual-table.tsx';
import { KindCell, subjectOf } from './kind-cell.tsx';
import { ScheduleFacts } from './schedule-facts.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import classes from './schedules.module.css';
import { type Schedule, timingInWords, windowInWords } from './timing-words.ts';
import { useSourceNames } from './use-sources.ts';

interface Row {
  schedule: Schedule;
  subject: string;
}

const columns: readonly Column<Row>[] = [
  { id: 'what', title: texts.columns.what, width: 172, cell: ({ schedule }) => <KindCell kind={schedule.kind} /> },
  { id: 'of', title: texts.columns.of, width: 120, grow: true, cell: ({ subject }) => subject },
  { id: 'when', title: texts.columns.when, width: 180, grow: true, cell: ({ schedule }) => timingInWords(schedule.timing) },
  { id: 'next', title: texts.columns.next, width: 240, grow: true, cell: ({ schedule }) => <Next schedule={schedule} /> },
  { id: 'windows', title: texts.columns.windows, width: 92, goes: 1, cell: ({ schedule }) => <Windows windows={schedule.windows} /> },
  {
    id: 'jitter',
    title: texts.columns.jitter,
    width: 66,
    goes: 2,
    align: 'end',
    cell: ({ schedule: { jitterMs } }) => <span className="tabular">{jitterMs === 0 ? texts.none : formatDuration(jitterMs)}</span>,
  },
  {
    id: 'state',
    title: texts.columns.state,
    width: 62,
    cell: ({ schedule }) => (
      <StatusBadge state={schedule.enabled ? 'on' : 'off'} word={schedule.enabled ? texts.states.on : texts.states.off} />
    ),
  },
];

/** On the person's clock; where the schedule reads another one, on that too. */
function Next({ schedule: { enabled, nextAt, timing } }: { schedule: Schedule }) {
  if (!enabled) return texts.none;
  if (nextAt === undefined) return <span className={classes.quiet}>{texts.over}</span>;
  const zone = timing.type === 'cron' && timing.zone !== ownZone() ? timing.zone : undefined;
  // The check ahead of a cutover comes before the time that was set.
  const check = timing.type === 'once' && Date.parse(nextAt) < Date.parse(timing.at);
  return (
    <span className="tabular">
      {formatMoment(nextAt)}{' '}
      <span className={classes.quiet}>
        {check ? texts.check : zone === undefined ? <When at={nextAt} /> : texts.inZone(formatWeekClock(nextAt, zone), zone)}
      </span>
    </span>
  );
}

function Windows({ windows }: { windows: Schedule['windows'] }) {
  if (windows.length === 0) return texts.none;
  const words = windows.map((window) => `${windowInWords(window)} (${window.zone})`).join('\n');
  return <span title={words}>{texts.windows(windows.length)}</span>;
}

const subjectIn = ({ subject }: Row) => subject;
const idOf = ({ schedule }: Row) => schedule.id;
const nameOf = ({ schedule, subject }: Row) => `${texts.kinds[schedule.kind]} ${subject}`;
const kinds = (['run', 'cutover', 'verify', 'inventory', 'retention'] as const).map((value) => ({ value, label: texts.kinds[value] }));

export function ScheduleList({ onAdd }: { onAdd: (() => void) | undefined }) {
  const schedules = useRoute('schedules.list');
  const names = useSourceNames();
  const rowHeight = useRowHeight();
  const [kind, setKind] = useState<string | null>(null);
  const [opened, setOpened] = useState<string>();
  const all = useMemo(
    () => schedules.data?.items.map((schedule): Row => ({ schedule, subject: subjectOf(schedule, names) })) ?? [],
    [schedules.data, names],
  );
  const rows = useMemo(() => (kind === null ? all : all.filter(({ schedule }) => schedule.kind === kind)), [all, kind]);
  // It may be changed or removed by others while it is looked at.
  const chosen = all.find(({ schedule }) => schedule.id === opened);
  return (
    <Loaded of={schedules}>
      {() =>
        all.length === 0 ? (
          <EmptyState
            icon={IconCalendarClock}
            title={texts.emptyTitle}
            hint={onAdd ? texts.emptyHint : texts.emptyViewer}
            actions={onAdd ? <Button onClick={onAdd}>{texts.add}</Button> : undefined}
          />
        ) : (
          <>
            <SearchedTable
              label={texts.list}
              words={texts}
              columns={columns}
              rows={rows}
              textOf={subjectIn}
              filters={
                <Select
                  aria-label={texts.kind}
                  placeholder={texts.allKinds}
                  clearable
                  data={kinds}
                  value={kind}
                  onChange={setKind}
                  w={220}
                />
              }
              onClear={() => setKind(null)}
              rowId={idOf}
              rowName={nameOf}
              rowHeight={rowHeight}
              onOpen={({ schedule }) => setOpened(schedule.id)}
            />
            <Drawer
              opened={chosen !== undefined}
              onClose={() => setOpened(undefined)}
              title={chosen ? scheduleFormTexts.editTitle(nameOf(chosen)) : ''}
              size={520}
            >
              {chosen ? <Chosen key={chosen.schedule.id} schedule={chosen.schedule} onDone={() => setOpened(undefined)} /> : null}
            </Drawer>
          </>
        )
      }
    </Loaded>
  );
}

function Chosen({ schedule, onDone }: { schedule: Schedule; onDone: () => void }) {
  const may = useMay('operator');
  return (
    <>
      <ScheduleFacts schedule={schedule} />
      {may ? <ScheduleForm schedule={schedule} onDone={onDone} /> : <p className={classes.quiet}>{scheduleFormTexts.readOnly}</p>}
    </>
  );
}
