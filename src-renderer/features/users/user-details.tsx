import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { type ReactNode, useEffect, useState } from 'react';
import { useAction } from '../../api/queries.tsx';
import { type Role, useCaller } from '../../stores/session.ts';
import { userTexts as texts, userFormTexts, usersTexts } from '../../texts/users.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { fieldErrors } from '../../ui/field-errors.ts';
import { formatTime } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { KeyValue } from '../../ui/page-header.tsx';
import { When } from '../../ui/values.tsx';
import { PasswordField } from './password-field.tsx';
import { RoleField } from './role-field.tsx';
import { isLastAdmin, stateOf, type User, UserState } from './user-state.tsx';
import classes from './users.module.css';

/** One user, and what an administrator can do about them. */
export function UserDetails({ user, all }: { user: User; all: readonly User[] }) {
  const last = isLastAdmin(user, all);
  const local = user.source === 'local';
  const { facts } = texts;
  return (
    <>
      <KeyValue
        items={[
          [facts.state, <UserState key="state" user={user} />],
          [facts.source, usersTexts.sources[user.source]],
          [facts.lastSignIn, user.lastSignInAt === undefined ? usersTexts.never : <When key="last" at={user.lastSignInAt} />],
          [
            facts.created,
            <time key="since" dateTime={user.createdAt}>
              {formatTime(user.createdAt)}
            </time>,
          ],
        ]}
      />
      {last ? (
        <div className={classes.notice}>
          <Notice tone="info">{texts.lastAdmin}</Notice>
        </div>
      ) : null}
      <Part>
        <RoleChoice user={user} fixed={last || !local} />
        {local ? null : <Hint>{texts.directoryRole}</Hint>}
      </Part>
      <Part title={texts.password}>{local ? <ResetPassword user={user} /> : <Hint>{texts.directoryPassword}</Hint>}</Part>
      <Part title={texts.sessions}>
        <SignOut user={user} />
      </Part>
      <Part title={texts.access}>
        <Hint>{texts.accessHint}</Hint>
        <Access user={user} last={last} />
      </Part>
    </>
  );
}

function Part({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      {title === undefined ? null : <h3>{title}</h3>}
      {children}
    </section>
  );
}

const Hint = ({ children }: { children: ReactNode }) => (
  <Text size="sm" c="dimmed" mb={6}>
    {children}
  </Text>
);

/** Chosen first, then given: arrow keys must not make anybody an administrator. */
function RoleChoice({ user, fixed }: { user: User; fixed: boolean }) {
  const [chosen, setChosen] = useState<Role>(user.role);
  // Also what another administrator changed meanwhile.
  useEffect(() => setChosen(user.role), [user.role]);
  const update = useAction('users.update', { done: ({ name, role }) => texts.roleChanged(name, usersTexts.roles[role]) });
  return (
    <>
      <RoleField label={texts.role} value={chosen} onChange={setChosen} disabled={fixed || update.isPending} />
      {chosen === user.role ? null : (
        <Group gap="xs" mt="sm">
          <Button loading={update.isPending} onClick={() => update.mutate({ params: { id: user.id }, body: { role: chosen } })}>
            {texts.setRole(user.name, usersTexts.roles[chosen])}
          </Button>
          <Button variant="default" onClick={() => setChosen(user.role)}>
            {texts.keepRole}
          </Button>
        </Group>
      )}
    </>
  );
}

function ResetPassword({ user }: { user: User }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Hint>{stateOf(user, Date.now()) === 'locked' ? texts.lockedHint : texts.resetHint}</Hint>
      <Button variant="default" onClick={() => setOpened(true)}>
        {texts.reset}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={texts.resetTitle(user.name)}>
        <ResetForm user={user} onDone={() => setOpened(false)} />
      </Modal>
    </>
  );
}

function ResetForm({ user, onDone }: { user: User; onDone: () => void }) {
  const form = useForm({
    initialValues: { password: '' },
    validate: { password: (value) => (value.length < 12 ? userFormTexts.tooShort : null) },
  });
  const reset = useAction('users.update', { done: texts.resetDone(user.name), handles: fieldErrors(form), onDone });
  return (
    <form onSubmit={form.onSubmit(({ password }) => reset.mutate({ params: { id: user.id }, body: { password } }))}>
      <Stack gap="md">
        <Text>{texts.resetHint}</Text>
        <PasswordField
          label={texts.newPassword}
          data-autofocus
          onGenerated={(password) => form.setFieldValue('password', password)}
          {...form.getInputProps('password')}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={reset.isPending}>
            {texts.resetAction}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function SignOut({ user }: { user: User }) {
  const self = useCaller().id === user.id;
  const [asked, setAsked] = useState(false);
  const signOut = useAction('users.signOut', { done: texts.signOutDone(user.name) });
  return (
    <>
      <Button variant="default" onClick={() => setAsked(true)}>
        {texts.signOut}
      </Button>
      <ConfirmAction
        opened={asked}
        onClose={() => setAsked(false)}
        title={texts.signOutTitle(user.name)}
        action={texts.signOut}
        onConfirm={() => signOut.mutateAsync({ params: { id: user.id } })}
      >
        {self ? texts.signOutSelf : texts.signOutHint}
      </ConfirmAction>
    </>
  );
}

function Access({ user, last }: { user: User; last: boolean }) {
  const self = useCaller().id === user.id;
  const [asked, setAsked] = useState(false);
  const update = useAction('users.update', { done: ({ name, disabled }) => (disabled ? texts.disabled(name) : texts.enabled(name)) });
  const set = (disabled: boolean) => ({ params: { id: user.id }, body: { disabled } });
  if (user.disabled) {
    return (
      <Button variant="default" loading={update.isPending} onClick={() => update.mutate(set(false))}>
        {texts.enable}
      </Button>
    );
  }
  return (
    <>
      <Button variant="default" disabled={last} title={last ? texts.lastAdmin : undefined} onClick={() => setAsked(true)}>
        {texts.disable}
      </Button>
      <ConfirmAction
        opened={asked}
        onClose={() => setAsked(false)}
        title={texts.disableTitle(user.name)}
        action={texts.disableAction}
        danger
        onConfirm={() => update.mutateAsync(set(true))}
      >
        {self ? texts.disableSelf : texts.disableHint}
      </ConfirmAction>
    </>
  );
}
