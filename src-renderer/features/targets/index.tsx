import { ActionIcon, Anchor, Button, Drawer, Menu } from '@mantine/core';
import { IconDots, IconFolder, IconFolderPlus, IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction, useRoute } from '../../api/queries.tsx';
import { go, hrefOf } from '../../go.ts';
import type { ScreenProps } from '../../screen-props.ts';
import { useMay } from '../../stores/session.ts';
import { screenTexts } from '../../texts/screens.ts';
import { targetsTexts as texts } from '../../texts/targets.ts';
import { Notice } from '../../ui/notice.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { RecordName, RecordTable } from '../../ui/record-table.tsx';
import { SpaceBar } from '../../ui/space-bar.tsx';
import { EmptyState, Loaded, LoadingRows } from '../../ui/states.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { When } from '../../ui/values.tsx';
import { EnvironmentTabs } from '../sources/environment-tabs.tsx';
import { RemoveEnvironment } from '../sources/remove-environment.tsx';
import classes from '../sources/sources.module.css';
import { RenameTarget } from './rename-target.tsx';
import { StartedMachines } from './started-machines.tsx';
import { TargetForm } from './target-form.tsx';

type Target = Output<'targets.list'>['items'][number];

/** Nobody tells of space that runs out. */
const LOOK_AGAIN_MS = 60_000;
const close = () => go('/targets');
const add = () => go('/targets/new');

const columns = [
  {
    id: 'name',
    title: texts.columns.name,
    cell: ({ name, folder }: Target) => <RecordName icon={IconFolder} name={name} hint={folder} />,
  },
  { id: 'space', title: texts.columns.space, cell: (target: Target) => <Space target={target} /> },
  {
    id: 'state',
    title: texts.columns.state,
    cell: (target: Target) =>
      target.freeBytes === undefined ? <Unreachable target={target} /> : <StatusBadge state="ok" word={texts.reachable} />,
  },
];

export default function Targets({ params }: ScreenProps) {
  const admin = useMay('admin');
  const operator = useMay('operator');
  const targets = useRoute('targets.list', {}, { every: LOOK_AGAIN_MS });
  const migrations = useRoute('migrations.list', { query: { limit: 1 } });
  const [removing, setRemoving] = useState<Target>();
  const [renaming, setRenaming] = useState<Target>();
  const remove = useAction('targets.remove', { done: () => texts.done.removed(removing?.name ?? '') });
  const some = (targets.data?.items.length ?? 0) > 0;
  const addButton = (
    <Button leftSection={<IconFolderPlus size={15} aria-hidden />} onClick={add}>
      {texts.add}
    </Button>
  );
  return (
    <>
      <PageHeader title={screenTexts.targets} hint={texts.hint} actions={admin && some ? addButton : null} />
      <EnvironmentTabs current="targets" />
      <Loaded of={targets} rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={IconFolder}
              title={texts.emptyTitle}
              hint={admin ? texts.emptyHint : texts.emptyViewer}
              actions={admin ? addButton : undefined}
            />
          ) : (
            <>
              {operator && migrations.data?.items.length === 0 && items.some(({ freeBytes }) => freeBytes !== undefined) ? (
                <div className={classes.list}>
                  <Notice tone="info" title={texts.next.title}>
                    {texts.next.text}{' '}
                    <Anchor size="sm" href={hrefOf('/machines')}>
                      {texts.next.action}
                    </Anchor>
                  </Notice>
                </div>
              ) : null}
              <RecordTable
                label={texts.list}
                rows={items}
                rowId={({ id }) => id}
                columns={columns}
                {...(admin
                  ? {
                      actions: (target: Target) => (
                        <Actions target={target} onRename={() => setRenaming(target)} onRemove={() => setRemoving(target)} />
                      ),
                    }
                  : {})}
              />
              <StartedMachines targets={items} />
            </>
          )
        }
      </Loaded>
      <Drawer opened={admin && params.id === 'new'} onClose={close} title={texts.form.title} size={560} closeOnClickOutside={false}>
        {targets.data ? <NewTarget first={!some} /> : null}
      </Drawer>
      <RenameTarget target={renaming} onClose={() => setRenaming(undefined)} />
      <RemoveEnvironment
        name={removing?.name}
        needs={({ targetId }) => targetId === removing?.id}
        text={texts.removal.text}
        action={texts.removal.action}
        onRemove={() => remove.mutateAsync({ params: { id: removing?.id ?? '' } })}
        onClose={() => setRemoving(undefined)}
      />
    </>
  );
}

/** For the first one Octopus has a folder in mind. */
function NewTarget({ first }: { first: boolean }) {
  const suggestion = useRoute('targets.suggestion', {}, { enabled: first });
  if (first && suggestion.isPending) return <LoadingRows rows={3} />;
  return <TargetForm suggested={first ? suggestion.data?.folder : undefined} onDone={close} />;
}

function Space({ target: { name, freeBytes, totalBytes } }: { target: Target }) {
  if (freeBytes === undefined || totalBytes === undefined) return '–';
  return <SpaceBar label={texts.spaceOf(name)} free={freeBytes} total={totalBytes} />;
}

function Unreachable({ target: { contact } }: { target: Target }) {
  return (
    <div>
      <StatusBadge state="failed" word={texts.unreachable} />{' '}
      {contact?.failure ? (
        <span className={classes.since}>
          <When at={contact.failure.since} />
        </span>
      ) : null}
      <div className={classes.why}>{texts.unreachableHint}</div>
    </div>
  );
}

function Actions({ target, onRename, onRemove }: { target: Target; onRename: () => void; onRemove: () => void }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={texts.actionsOf(target.name)}>
          <IconDots size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil size={15} />} onClick={onRename}>
          {texts.rename}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconTrash size={15} />} color="red" onClick={onRemove}>
          {texts.remove}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
