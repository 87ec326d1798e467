import { Button, Menu } from '@mantine/core';
import {
  IconArrowBackUp,
  IconBan,
  IconChevronDown,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconRefreshDot,
  IconShieldCheck,
  IconTransfer,
  IconTrash,
} from '@tabler/icons-react';
import { useEffect, useMemo, useRef } from 'react';
import { type Command, useCommands } from '../../frame/commands.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import classes from './migration.module.css';
import type { ActionName, Migration } from './next-step.ts';
import type { MigrationActions } from './use-migration-actions.ts';

const icons = {
  sync: IconRefresh,
  reconcile: IconRefreshDot,
  verify: IconShieldCheck,
  pause: IconPlayerPause,
  resume: IconPlayerPlay,
  cutover: IconTransfer,
  rollback: IconArrowBackUp,
  cancel: IconBan,
  remove: IconTrash,
};

/** In groups: what runs, what moves the machine, what ends something. Each of what moves it has its place, whatever the state. */
function groupsOf(migration: Migration): ActionName[][] {
  return [
    ['sync', 'reconcile', 'verify', migration.paused ? 'resume' : 'pause'],
    ['cutover', 'rollback'],
    ['cancel', 'remove'],
  ];
}

/** All that can be done with the migration; what cannot be done now says why. The same stands in the palette. */
export function ActionsMenu({ migration, actions }: { migration: Migration; actions: MigrationActions }) {
  const target = useRef<HTMLButtonElement>(null);
  usePaletteActions(migration, actions);
  if (!actions.may) return null;
  return (
    <Menu position="bottom-end" width={290}>
      <Menu.Target>
        <Button ref={target} variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
          {texts.actions.menu}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {groupsOf(migration).map((group, index) => [
          index > 0 ? <Menu.Divider key={`above ${group[0]}`} /> : null,
          ...group.map((action) => {
            const Icon = icons[action];
            const why = actions.hindrance(action);
            return (
              <Menu.Item
                key={action}
                leftSection={<Icon size={16} aria-hidden />}
                disabled={why !== undefined || actions.pending}
                onClick={() => {
                  // The item goes away: a dialog gives the focus back to where it was.
                  target.current?.focus();
                  actions.do(action);
                }}
              >
                {texts.actions[action]}
                {/* Always one line: the state may change while the menu is open, and no item moves under the pointer. */}
                <div className={classes.actionHint}>{why === undefined ? texts.hints[action] : texts.hindrance[why]}</div>
              </Menu.Item>
            );
          }),
        ])}
      </Menu.Dropdown>
    </Menu>
  );
}

function usePaletteActions(migration: Migration, actions: MigrationActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  const possible = actions.may
    ? groupsOf(migration)
        .flat()
        .filter((action) => actions.hindrance(action) === undefined)
        .join(' ')
    : '';
  const { machineName } = migration;
  const commands = useMemo(
    (): Command[] =>
      possible
        .split(' ')
        .filter((action) => action !== '')
        .map((name) => {
          const action = name as ActionName;
          return {
            id: `migration ${action}`,
            text: texts.actions[action],
            icon: icons[action],
            hint: machineName,
            run: () => latest.current.do(action),
          };
        }),
    [possible, machineName],
  );
  useCommands('migration', commands);
}
