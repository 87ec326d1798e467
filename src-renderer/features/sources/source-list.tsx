import { ActionIcon, Anchor, Button, Menu } from '@mantine/core';
import { IconDisc, IconDots, IconFlask, IconPencil, IconPlugConnected, IconRefresh, IconTrash } from '@tabler/icons-react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { go } from '../../go.ts';
import { showMachines } from '../../stores/machine-filter.ts';
import { useMay } from '../../stores/session.ts';
import { sourcesTexts as texts } from '../../texts/sources.ts';
import { formatNumber } from '../../ui/format.ts';
import { RecordName, RecordTable } from '../../ui/record-table.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { When } from '../../ui/values.tsx';
import { useContact, useSourceWork } from './contacts.ts';
import classes from './sources.module.css';

export type Source = Output<'sources.list'>['items'][number];

export function SourceList(props: { sources: readonly Source[]; lab: Output<'lab.get'> | undefined; onRemove: (source: Source) => void }) {
  const operator = useMay('operator');
  const isLab = (source: Source) => props.lab?.running === true && props.lab.sourceId === source.id;
  return (
    <RecordTable
      label={texts.list}
      rows={props.sources}
      rowId={({ id }) => id}
      columns={[
        { id: 'name', title: texts.columns.name, cell: (source) => <Name source={source} lab={isLab(source)} /> },
        {
          id: 'machines',
          title: texts.columns.machines,
          align: 'end',
          fit: true,
          cell: (source) => <Machines source={source} />,
        },
        { id: 'read', title: texts.columns.read, fit: true, cell: (source) => <When at={source.inventory?.readAt} none={texts.never} /> },
        { id: 'state', title: texts.columns.state, cell: (source) => <State source={source} /> },
      ]}
      {...(operator ? { actions: (source: Source) => <Actions source={source} onRemove={() => props.onRemove(source)} /> } : {})}
    />
  );
}

const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : url);

function Name({ source, lab }: { source: Source; lab: boolean }) {
  const place =
    source.kind === 'vsphere'
      ? hostOf(source.url) === source.name
        ? texts.userOf(source.username)
        : hostOf(source.url)
      : (source.folder ?? texts.files(formatNumber(source.files?.length ?? 0)));
  const icon = lab ? IconFlask : source.kind === 'vsphere' ? IconPlugConnected : IconDisc;
  return <RecordName icon={icon} name={source.name} hint={`${lab ? texts.lab : texts.kinds[source.kind]} · ${place}`} />;
}

function Machines({ source: { id, name, inventory } }: { source: Source }) {
  const count = formatNumber(inventory?.machines ?? 0);
  if (!inventory) return <span className="tabular">{count}</span>;
  return (
    <Anchor
      component="button"
      type="button"
      size="sm"
      className="tabular"
      aria-label={texts.machinesOf(count, name)}
      onClick={() => showMachines({ sourceId: id })}
    >
      {count}
    </Anchor>
  );
}

function State({ source }: { source: Source }) {
  const { busy, answered } = useContact(source.id);
  const failure = source.contact?.failure;
  if (busy) return <StatusBadge state="running" word={busy === 'sync' ? texts.states.reading : texts.states.testing} />;
  if (failure) {
    return (
      <div>
        <StatusBadge state="failed" word={texts.states.silent} />{' '}
        <span className={classes.since}>
          <When at={failure.since} />
        </span>
        <div className={classes.why}>{failure.message}</div>
      </div>
    );
  }
  if (answered !== undefined) return <StatusBadge state="ok" word={texts.states.answered(answered)} />;
  if (source.inventory) return <StatusBadge state="ok" word={texts.states.read} />;
  return <StatusBadge state="waiting" word={texts.states.unread} />;
}

function Actions({ source, onRemove }: { source: Source; onRemove: () => void }) {
  const admin = useMay('admin');
  const { busy } = useContact(source.id);
  const { sync, test } = useSourceWork();
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconRefresh size={14} aria-hidden />}
        aria-label={texts.syncOf(source.name)}
        loading={busy === 'sync'}
        disabled={busy !== undefined}
        onClick={() => void sync(source)}
      >
        {texts.sync}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={texts.actionsOf(source.name)}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPlugConnected size={15} />} disabled={busy !== undefined} onClick={() => void test(source)}>
            {texts.test}
          </Menu.Item>
          {admin ? (
            <>
              <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => go(`/sources/${source.id}`)}>
                {texts.edit}
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item leftSection={<IconTrash size={15} />} color="red" onClick={onRemove}>
                {texts.remove}
              </Menu.Item>
            </>
          ) : null}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
