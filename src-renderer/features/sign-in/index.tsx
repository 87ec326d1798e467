import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect, useState } from 'react';
import type { ClientError } from '../../api/client-error.ts';
import { useAction } from '../../api/queries.tsx';
import { EntryPage } from '../../frame/entry-page.tsx';
import { signedIn } from '../../stores/session.ts';
import { frameTexts } from '../../texts/frame.ts';
import { signInTexts } from '../../texts/sign-in.ts';
import { Notice } from '../../ui/notice.tsx';

export default function SignIn({ ended }: { ended: boolean }) {
  const [refused, setRefused] = useState<ClientError>();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', password: '' },
    validate: {
      name: (value) => (value.trim() === '' ? signInTexts.needed : null),
      password: (value) => (value === '' ? signInTexts.needed : null),
    },
  });
  // Wrong name or password, too many tries, unreachable: all are said here, where the person looks.
  const login = useAction('auth.login', {
    handles: (error) => {
      setRefused(error);
      return true;
    },
    onDone: ({ user }, { body }) => signedIn(user, body.password),
  });
  useEffect(() => {
    document.title = `${signInTexts.title} – ${frameTexts.product}`;
  }, []);
  return (
    <EntryPage title={frameTexts.product} hint={ended ? signInTexts.ended : undefined} panel>
      <form
        aria-label={signInTexts.title}
        onSubmit={form.onSubmit((body) => {
          setRefused(undefined);
          login.mutate({ body });
        })}
      >
        <Stack gap="sm">
          <TextInput label={signInTexts.name} autoComplete="username" autoFocus {...form.getInputProps('name')} key={form.key('name')} />
          <PasswordInput
            label={signInTexts.password}
            autoComplete="current-password"
            {...form.getInputProps('password')}
            key={form.key('password')}
          />
          {refused ? <Notice tone="bad">{refused.message}</Notice> : null}
          <Button type="submit" fullWidth mt={6} loading={login.isPending}>
            {signInTexts.action}
          </Button>
        </Stack>
      </form>
    </EntryPage>
  );
}
