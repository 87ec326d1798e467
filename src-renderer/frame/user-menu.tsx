import { Menu, Modal, SegmentedControl, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconKeyboard, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { useAction, useCore } from '../api/queries.tsx';
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
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <button type="button" className={classes.user} aria-label={frameTexts.menu(user.name)}>
            <IconUserCircle size={18} stroke={1.6} aria-hidden />
            {user.name}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{frameTexts.roles[user.role]}</Menu.Label>
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
          <Menu.Divider />
          <Menu.Item leftSection={<IconKey size={15} />} onClick={password.open}>
            {frameTexts.changePassword}
          </Menu.Item>
          <Menu.Item leftSection={<IconKeyboard size={15} />} onClick={shortcuts.open}>
            {frameTexts.shortcuts}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={15} />} onClick={signOut}>
            {frameTexts.signOut}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
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
    <div style={{ padding: '4px 12px 8px' }}>
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
