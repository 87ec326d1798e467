import { Button, Drawer, Select } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { type Pages, usePages, useRoute } from '../../api/queries.tsx';
import { go } from '../../go.ts';
import { useRowHeight } from '../../stores/preferences.ts';
import { useMay } from '../../stores/session.ts';
import { schedulesTexts, tasksTexts as texts } from '../../texts/schedules.ts';
import { formatMoment } from '../../ui/format.ts';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import { type Column, VirtualTable } from '../../ui/virtual-table.tsx';
import { KindCell, subjectOf } from './kind-cell.tsx';
import classes from './schedules.module.css';
import { TaskDetails } from './task-details.tsx';
import { isRetrying, type Task, TaskState } from './task-state.tsx';
import { Turn } from './turn.tsx';
import { useSourceNames } from './use-sources.ts';

type Filter = keyof typeof texts.filters;

interface Row {
  task: Task;
  subject: string;
}

const columns: readonly Column<Row>[] = [
  { id: 'state', title: texts.columns.state, width: 100, cell: ({ task }) => <TaskState task={task} /> },
  { id: 'what', title: texts.columns.what, width: 172, cell: ({ task }) => <KindCell kind={task.kind} /> },
  { id: 'of', title: texts.columns.of, width: 120, grow: true, cell: ({ subject }) => subject },
  { id: 'when', title: texts.columns.when, width: 104, cell: ({ task }) => <When at={timeOf(task)} /> },
  {
    id: 'attempt',
    title: texts.columns.attempt,
    width: 56,
    goes: 1,
    align: 'end',
    cell: ({ task }) => <span className="tabular">{task.attempts}</span>,
  },
  {
    id: 'error',
    title: texts.columns.error,
    width: 240,
    grow: true,
    cell: ({ task: { error, quietUntil, waitsFor } }) =>
      error ? (
        <span title={error.message}>{error.message}</span>
      ) : quietUntil !== undefined ? (
        <span className="tabular">{texts.quietUntil(formatMoment(quietUntil))}</span>
      ) : waitsFor === undefined ? (
        schedulesTexts.none
      ) : (
        <Turn after={waitsFor} />
      ),
  },
];

/** When it begins or begins again, began, or ended. */
function timeOf({ state, dueAt, quietUntil, startedAt, endedAt }: Task): string | undefined {
  if (state === 'waiting') return quietUntil ?? dueAt;
  return state === 'running' ? startedAt : endedAt;
}

const statesOf: Record<Filter, readonly Task['state'][]> = {
  open: ['running', 'waiting'],
  running: ['running'],
  waiting: ['waiting'],
  retrying: ['waiting'],
  attention: ['dead', 'failed'],
  done: ['done'],
  cancelled: ['cancelled'],
  all: [],
};
const fits = (filter: Filter, task: Task) =>
  filter === 'retrying' ? isRetrying(task) : filter === 'waiting' ? task.state === 'waiting' && task.attempts === 0 : true;

const idOf = ({ task }: Row) => task.id;
const nameOf = ({ task, subject }: Row) => texts.title(schedulesTexts.kinds[task.kind], subject);
const filters = Object.entries(texts.filters).map(([value, label]) => ({ value, label }));

/** The core lists one state at a time, or all of them. */
function useTasks(filter: Filter): { pages: readonly Pages<'tasks.list'>[]; tasks: readonly Task[] } {
  const [first, second] = statesOf[filter];
  const options = { keepPrevious: false };
  const one = usePages('tasks.list', { query: { limit: 100, ...(first === undefined ? {} : { state: first }) } }, options);
  const other = usePages('tasks.list', { query: { limit: 100, state: second ?? 'dead' } }, { ...options, enabled: second !== undefined });
  const pages = second === undefined ? [one] : [one, other];
  const tasks = useMemo(
    () => [...one.rows, ...(second === undefined ? [] : other.rows)].filter((task) => fits(filter, task)),
    [one.rows, other.rows, second, filter],
  );
  return { pages, tasks };
}

/** The queue, live. */
export function TaskList({ openedId }: { openedId?: string | undefined }) {
  const admin = useMay('admin');
  const [filter, setFilter] = useState<Filter>(openedId === undefined ? 'open' : 'attention');
  const [opened, setOpened] = useState(openedId);
  // A link from elsewhere leads to another one.
  useEffect(() => {
    if (openedId !== undefined) setOpened(openedId);
  }, [openedId]);
  const close = () => {
    setOpened(undefined);
    if (openedId !== undefined) go('/schedules/tasks');
  };
  const names = useSourceNames();
  const rowHeight = useRowHeight();
  const scheduler = useRoute('scheduler.get', {}, { enabled: admin }).data;
  const { pages, tasks } = useTasks(filter);
  const rows = useMemo(() => tasks.map((task): Row => ({ task, subject: subjectOf(task, names) })), [tasks, names]);
  const failed = pages.find(({ error, data }) => error && data === undefined);
  const loading = pages.some(({ isPending }) => isPending);
  const endless = pages.some(({ hasNextPage }) => hasNextPage);
  const more = () => {
    for (const page of pages) page.more();
  };
  // What is looked for may stand on a later page.
  const hidden = endless && rows.length < 50 && !loading;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each page that came
  useEffect(() => {
    if (hidden) more();
  }, [hidden, pages[0]?.rows.length]);
  const group = filter === 'open' || filter === 'attention' ? filter : 'other';
  return (
    <>
      <div className={classes.bar}>
        <Select
          aria-label={texts.filter}
          allowDeselect={false}
          data={filters}
          value={filter}
          onChange={(value) => setFilter((value ?? 'open') as Filter)}
          w={220}
        />
        {scheduler && scheduler.dead + scheduler.failed > 0 && filter !== 'attention' ? (
          <Button variant="subtle" onClick={() => setFilter('attention')}>
            {`${texts.filters.attention}: ${scheduler.dead + scheduler.failed}`}
          </Button>
        ) : null}
        <div className={classes.space} />
        {scheduler ? <span className={classes.quiet}>{texts.counts(scheduler.waiting, scheduler.running)}</span> : null}
      </div>
      {failed?.error ? (
        <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />
      ) : loading ? (
        <LoadingRows />
      ) : rows.length === 0 ? (
        <EmptyState icon={IconChecklist} title={texts.emptyTitle[group]} hint={texts.emptyHint[group]} />
      ) : (
        <div className={classes.table}>
          <VirtualTable
            label={texts.list}
            columns={columns}
            rows={rows}
            rowId={idOf}
            rowName={nameOf}
            rowHeight={rowHeight}
            endless={endless}
            onNeedMore={more}
            onOpen={({ task }) => setOpened(task.id)}
          />
        </div>
      )}
      <Drawer opened={opened !== undefined} onClose={close} title={screenTitle(rows, opened)} size={460}>
        {opened === undefined ? null : <TaskDetails id={opened} key={opened} />}
      </Drawer>
    </>
  );
}

function screenTitle(rows: readonly Row[], id: string | undefined): string {
  const row = rows.find(({ task }) => task.id === id);
  return row ? nameOf(row) : texts.list;
}
