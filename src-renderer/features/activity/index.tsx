import { Button, Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconHistory } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { usePages } from '../../api/queries.tsx';
import { useRowHeight } from '../../stores/preferences.ts';
import { activityTexts as texts } from '../../texts/activity.ts';
import { screenTexts } from '../../texts/screens.ts';
import { formatNumber, formatTime } from '../../ui/format.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { type Column, VirtualTable } from '../../ui/virtual-table.tsx';
import classes from './activity.module.css';
import { everything, filterActivity, isFiltered, queryOf, useActivityFilter } from './activity-filter.ts';
import { actorOf, Details } from './details.tsx';
import { type Entry, toldOf } from './entry.ts';
import { ExportMenu } from './export-menu.tsx';
import { Filters } from './filters.tsx';
import { useNames } from './use-names.ts';
import { VerifyChain } from './verify-chain.tsx';

const PAGE = 100;

/** The last one is left out where there is no room. */
function columnsOf(names: ReadonlyMap<string, string>, wide: boolean): readonly Column<Entry>[] {
  const all: Column<Entry>[] = [
    { id: 'at', title: texts.columns.at, width: 200, cell: ({ at }) => <span className="tabular">{formatTime(at)}</span> },
    { id: 'actor', title: texts.columns.actor, width: 110, cell: (entry) => actorOf(entry) },
    { id: 'action', title: texts.columns.action, width: 185, cell: ({ action }) => <span title={action}>{texts.action(action)}</span> },
    { id: 'outcome', title: texts.columns.outcome, width: 125, cell: ({ outcome }) => <StatusBadge state={outcome} /> },
    {
      id: 'subject',
      title: texts.columns.subject,
      width: 170,
      grow: true,
      cell: (entry) => <span title={toldOf(entry, names)}>{toldOf(entry, names)}</span>,
    },
    { id: 'address', title: texts.columns.address, width: 120, cell: ({ address }) => address ?? '–' },
  ];
  return wide ? all : all.slice(0, -1);
}

const idOf = ({ id }: Entry) => String(id);
const nameOf = ({ id, action }: Entry) => `${texts.action(action)}, ${texts.details.title(formatNumber(id))}`;

/** The audit log. */
export default function Activity() {
  const filter = useActivityFilter();
  const pages = usePages('activity.list', { query: { ...queryOf(filter), limit: PAGE } }, { keepPrevious: true });
  const [opened, setOpened] = useState<Entry>();
  const rowHeight = useRowHeight();
  const names = useNames();
  const wide = useMediaQuery('(min-width: 1024px)') ?? true;
  const columns = useMemo(() => columnsOf(names, wide), [names, wide]);
  const close = () => setOpened(undefined);
  const filtered = isFiltered(filter);
  return (
    <>
      <PageHeader
        title={screenTexts.activity}
        hint={texts.hint}
        actions={
          <>
            <VerifyChain />
            <ExportMenu />
          </>
        }
      />
      <Filters />
      {pages.error && pages.rows.length === 0 ? (
        <ErrorState error={pages.error} onRetry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <LoadingRows rows={12} />
      ) : (
        <div className={classes.table}>
          <VirtualTable
            label={texts.list}
            columns={columns}
            rows={pages.rows}
            rowId={idOf}
            rowName={nameOf}
            endless={pages.hasNextPage}
            onNeedMore={pages.more}
            onOpen={setOpened}
            rowHeight={rowHeight}
            footer={texts.newest}
            empty={
              <EmptyState
                icon={IconHistory}
                title={filtered ? texts.noneTitle : texts.emptyTitle}
                actions={
                  filtered ? (
                    <Button variant="default" onClick={() => filterActivity(everything)}>
                      {texts.clear}
                    </Button>
                  ) : undefined
                }
              />
            }
          />
        </div>
      )}
      <Drawer opened={opened !== undefined} onClose={close} title={opened ? texts.details.title(formatNumber(opened.id)) : ''} size={620}>
        {opened ? <Details entry={opened} names={names} onClose={close} /> : null}
      </Drawer>
    </>
  );
}
