import { Button, Drawer } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
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
import { actorOf, Details, type Entry } from './details.tsx';
import { ExportMenu } from './export-menu.tsx';
import { Filters } from './filters.tsx';
import { VerifyChain } from './verify-chain.tsx';

const PAGE = 100;

const columns: readonly Column<Entry>[] = [
  { id: 'at', title: texts.columns.at, width: 180, cell: ({ at }) => <span className="tabular">{formatTime(at)}</span> },
  { id: 'actor', title: texts.columns.actor, width: 120, cell: (entry) => actorOf(entry) },
  { id: 'action', title: texts.columns.action, width: 190, cell: ({ action }) => <span title={action}>{texts.action(action)}</span> },
  { id: 'outcome', title: texts.columns.outcome, width: 110, cell: ({ outcome }) => <StatusBadge state={outcome} /> },
  { id: 'message', title: texts.columns.message, width: 160, grow: true, cell: (entry) => toldOf(entry) },
  { id: 'address', title: texts.columns.address, width: 110, cell: ({ address }) => address ?? '–' },
];

/** What the entry says, or what it is about. */
function toldOf({ message, errorCode, subjectKind, subjectId, after, before }: Entry): string {
  if (message !== undefined) return message;
  const { name, machineName } = { ...(before as object | undefined), ...(after as object | undefined) } as {
    name?: unknown;
    machineName?: unknown;
  };
  const called = [name, machineName].find((one) => typeof one === 'string');
  return [errorCode, called ?? (subjectId === undefined ? undefined : `${subjectKind ?? ''} ${subjectId}`)].filter(Boolean).join(' · ');
}

const idOf = ({ id }: Entry) => String(id);
const nameOf = ({ id, action }: Entry) => `${texts.action(action)}, ${texts.details.title(formatNumber(id))}`;

/** The audit log. */
export default function Activity() {
  const filter = useActivityFilter();
  const pages = usePages('activity.list', { query: { ...queryOf(filter), limit: PAGE } }, { keepPrevious: true });
  const [opened, setOpened] = useState<Entry>();
  const rowHeight = useRowHeight();
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
        {opened ? <Details entry={opened} onClose={close} /> : null}
      </Drawer>
    </>
  );
}
