import { ActionIcon, Button, Group, Menu, Modal, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconTrash } from '@tabler/icons-react';
import { type FormEvent, memo, useState } from 'react';
import { notifyDone } from '../../notify.tsx';
import { allMachines, type MachineFilter, readFilter, useMachineFilter } from '../../stores/machine-filter.ts';
import { removeView, type SavedView, saveView, useSavedViews } from '../../stores/saved-views.ts';
import { machineTexts } from '../../texts/machines.ts';
import classes from './machines.module.css';

const SCREEN = 'machines';
const texts = machineTexts.views;
const ready: readonly [string, Partial<MachineFilter>][] = [
  [texts.all, {}],
  [texts.unprotected, { protection: 'none' }],
  [texts.running, { protection: 'none', powerState: 'on' }],
  [texts.pending, { protection: 'pending' }],
];

/** Filters to come back to: some that are always there, and a person's own. */
export const ViewsMenu = memo(function ViewsMenu() {
  const views = useSavedViews(SCREEN);
  const [opened, manage] = useDisclosure();
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" px={10} rightSection={<IconChevronDown size={13} aria-hidden />}>
            {texts.button}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {ready.map(([name, filter]) => (
            <Menu.Item key={name} onClick={() => useMachineFilter.setState({ ...allMachines, ...filter })}>
              {name}
            </Menu.Item>
          ))}
          {views.length === 0 ? null : (
            <>
              <Menu.Divider />
              <Menu.Label>{texts.saved}</Menu.Label>
              {views.map((view) => (
                <Menu.Item key={view.id} onClick={() => useMachineFilter.setState(readFilter(view.state))}>
                  {view.name}
                </Menu.Item>
              ))}
            </>
          )}
          <Menu.Divider />
          <Menu.Item onClick={manage.open}>{texts.manage}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={opened} onClose={manage.close} title={texts.title} size="md">
        <Manage views={views} onDone={manage.close} />
      </Modal>
    </>
  );
});

function Manage({ views, onDone }: { views: readonly SavedView[]; onDone: () => void }) {
  const filter = useMachineFilter();
  const [name, setName] = useState('');
  const [refused, setRefused] = useState(false);
  const [removed, setRemoved] = useState<SavedView>();
  function save(event: FormEvent): void {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === '') {
      setRefused(true);
      return;
    }
    saveView(SCREEN, wanted, filter);
    notifyDone(texts.done(wanted));
    onDone();
  }
  return (
    <>
      <form onSubmit={save}>
        <TextInput
          label={texts.name}
          description={texts.nameHint}
          value={name}
          maxLength={80}
          autoComplete="off"
          error={refused ? texts.needed : undefined}
          onChange={(event) => {
            setName(event.currentTarget.value);
            setRefused(false);
          }}
          data-autofocus
        />
        <Group justify="flex-end" mt="sm">
          <Button type="submit">{texts.save}</Button>
        </Group>
      </form>
      {views.length === 0 ? (
        <p className={classes.quiet}>{texts.none}</p>
      ) : (
        <ul className={classes.views}>
          {views.map((view) => (
            <li key={view.id}>
              <span>{view.name}</span>
              <ActionIcon
                aria-label={texts.remove(view.name)}
                onClick={() => {
                  removeView(SCREEN, view.id);
                  setRemoved(view);
                }}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <div role="status">
        {removed ? (
          <div className={classes.removed}>
            {texts.removed(removed.name)}
            <Button
              variant="default"
              onClick={() => {
                saveView(SCREEN, removed.name, removed.state);
                setRemoved(undefined);
              }}
            >
              {texts.undo}
            </Button>
          </div>
        ) : null}
      </div>
    </>
  );
}
