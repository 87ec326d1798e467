import { Button, Divider, Modal, Popover, SegmentedControl, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconKeyboard, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { type ComponentType, useState } from 'react';
import { useAction, useCore } from '../api/queries.tsx';
import { go } from '../go.ts';
import { type Appearance, type Density, prefer, usePreferences } from '../stores/preferences.ts';
import { signedOut, useCaller } from '../stores/session.ts';
import { frameTexts, passwordTexts } from '../texts/frame.ts';
import classes from './frame.module.css';
import { PasswordForm } from './password-form.tsx';

export function useSignOut(): () => void {
  const { queries } = useCore();
  // Whatever the answer, this person no longer wants to be here.
  const action = useAction('auth.logout', { handles: () => true });
  return () => {
    action.mutate(
      { body: {} },
      {
        onSettled: () => {
          signedOut();
          queries.clear();
          // The next person may not be allowed to see where this one was.
          go('/', { replace: true });
        },
      },
    );
  };
}

export function UserMenu({ shortcuts }: { shortcuts: { opened: boolean; open: () => void; close: () => void } }) {
  const user = useCaller();
  const [passwordOpened, password] = useDisclosure();
  const { appearance, density } = usePreferences();
  const signOut = useSignOut();
  const [opened, setOpened] = useState(false);
  const menu = { set: setOpened, toggle: () => setOpened((before) => !before) };
  const closing = (act: () => void) => () => {
    setOpened(false);
    act();
  };
  return (
    <>
      <Popover position="bottom-end" width={260} shadow="none" trapFocus opened={opened} onChange={menu.set}>
        <Popover.Target>
          <button type="button" className={classes.user} aria-label={frameTexts.menu(user.name)} onClick={menu.toggle}>
            <IconUserCircle size={18} stroke={1.6} aria-hidden />
            {user.name}
          </button>
        </Popover.Target>
        <Popover.Dropdown p={6} aria-label={frameTexts.menu(user.name)}>
          <div className={classes.role}>{frameTexts.roles[user.role]}</div>
          <Choice
            title={frameTexts.appearance}
            value={appearance}
            texts={frameTexts.appearances}
            onChange={(value) => prefer({ appearance: value as Appearance })}
          />
          <Choice
            title={frameTexts.density}
            value={density}
            texts={frameTexts.densities}
            onChange={(value) => prefer({ density: value as Density })}
          />
          <Divider my={4} />
          <Item icon={IconKey} text={frameTexts.changePassword} onClick={closing(password.open)} />
          <Item icon={IconKeyboard} text={frameTexts.shortcuts} onClick={closing(shortcuts.open)} />
          <Divider my={4} />
          <Item icon={IconLogout} text={frameTexts.signOut} onClick={closing(signOut)} />
        </Popover.Dropdown>
      </Popover>
      <Modal opened={passwordOpened} onClose={password.close} title={passwordTexts.title}>
        <PasswordForm onDone={password.close} />
      </Modal>
      <Modal opened={shortcuts.opened} onClose={shortcuts.close} title={frameTexts.shortcuts} size="lg">
        <Table>
          <Table.Tbody>
            {frameTexts.shortcutList.map(([keys, text]) => (
              <Table.Tr key={keys}>
                <Table.Th scope="row" w={210}>
                  {keys}
                </Table.Th>
                <Table.Td>{text}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Modal>
    </>
  );
}

function Choice(props: { title: string; value: string; texts: Readonly<Record<string, string>>; onChange: (value: string) => void }) {
  return (
    <div style={{ padding: '4px 8px 8px' }}>
      <Text size="xs" c="dimmed" mb={4}>
        {props.title}
      </Text>
      <SegmentedControl
        fullWidth
        aria-label={props.title}
        value={props.value}
        onChange={props.onChange}
        data={Object.entries(props.texts).map(([value, label]) => ({ value, label }))}
      />
    </div>
  );
}

function Item(props: { icon: ComponentType<{ size?: number | string }>; text: string; onClick: () => void }) {
  const { icon: Icon } = props;
  return (
    <Button
      variant="subtle"
      color="gray"
      fullWidth
      justify="start"
      fw={400}
      c="inherit"
      leftSection={<Icon size={15} />}
      onClick={props.onClick}
    >
      {props.text}
    </Button>
  );
}
