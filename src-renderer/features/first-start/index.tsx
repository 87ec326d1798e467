import { Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect, useRef, useState } from 'react';
import type { ClientError } from '../../api/client-error.ts';
import { useAction, useClient } from '../../api/queries.tsx';
import { EntryPage } from '../../frame/entry-page.tsx';
import { go } from '../../go.ts';
import { type Caller, signedIn } from '../../stores/session.ts';
import { firstStartTexts as texts } from '../../texts/first-start.ts';
import { frameTexts } from '../../texts/frame.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { Notice } from '../../ui/notice.tsx';
import { Doors } from './doors.tsx';

/** The first administrator, then three doors. */
export default function FirstStart() {
  const [user, setUser] = useState<Caller>();
  useEffect(() => {
    document.title = `${texts.title} – ${frameTexts.product}`;
  }, []);
  if (!user) {
    return (
      <EntryPage title={texts.title} hint={texts.hint} panel>
        <Administrator onDone={setUser} />
      </EntryPage>
    );
  }
  const enter = (path: string) => {
    go(path, { replace: true });
    signedIn(user);
  };
  return (
    <EntryPage title={texts.doorsTitle(user.name)} hint={texts.doorsHint}>
      <Doors onEnter={enter} />
      <Anchor component="button" type="button" size="sm" mt="lg" onClick={() => enter('/')}>
        {texts.later}
      </Anchor>
    </EntryPage>
  );
}

function Administrator({ onDone }: { onDone: (user: Caller) => void }) {
  const web = useClient().kind === 'web';
  const [refused, setRefused] = useState<ClientError>();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { token: '', name: '', password: '', again: '' },
    validate: {
      token: (value) => (web && value.trim() === '' ? texts.needed : null),
      name: (value) => (value.trim() === '' ? texts.needed : null),
      password: (value) => (value.length < 12 ? texts.tooShort : null),
      again: (value, { password }) => (value === password ? null : texts.differ),
    },
  });
  const byField = useRef(fieldErrors(form)).current;
  const setup = useAction('auth.setup', {
    handles: (error) => {
      if (!byField(error)) setRefused(error);
      return true;
    },
    onDone: (session) => onDone(session.user),
  });
  return (
    <form
      onSubmit={form.onSubmit(({ token, name, password }) => {
        setRefused(undefined);
        setup.mutate({ body: { name, password, ...(web ? { token: token.trim() } : {}) } });
      })}
    >
      <Stack gap="sm">
        {web ? (
          <TextInput
            label={texts.token}
            description={texts.tokenHint}
            autoComplete="off"
            autoFocus
            {...form.getInputProps('token')}
            key={form.key('token')}
          />
        ) : null}
        <TextInput label={texts.name} autoComplete="username" autoFocus={!web} {...form.getInputProps('name')} key={form.key('name')} />
        <PasswordInput
          label={texts.password}
          description={texts.passwordHint}
          autoComplete="new-password"
          {...form.getInputProps('password')}
          key={form.key('password')}
        />
        <PasswordInput label={texts.again} autoComplete="new-password" {...form.getInputProps('again')} key={form.key('again')} />
        {refused ? <Notice tone="bad">{refused.message}</Notice> : null}
        <Button type="submit" fullWidth mt={6} loading={setup.isPending}>
          {texts.create}
        </Button>
      </Stack>
    </form>
  );
}
