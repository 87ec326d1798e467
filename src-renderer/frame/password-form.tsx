import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useAction } from '../api/queries.tsx';
import { passwordTexts } from '../texts/frame.ts';
import { fieldErrors } from '../ui/field-errors.ts';

/** Changes the caller's own password. `typed` a moment ago at the sign-in, the present one is not asked for again. */
export function PasswordForm({ typed, onDone }: { typed?: string | undefined; onDone: () => void }) {
  const [asks, setAsks] = useState(typed === undefined);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { current: typed ?? '', next: '', again: '' },
    validate: {
      current: (value) => (value === '' ? passwordTexts.needed : null),
      next: (value) => (value.length < 12 ? passwordTexts.tooShort : null),
      again: (value, { next }) => (value === next ? null : passwordTexts.differ),
    },
  });
  const byField = fieldErrors(form);
  const change = useAction('auth.password', {
    done: passwordTexts.done,
    handles: (error) => {
      const of = error.code === 'auth.denied' ? { field: 'current', message: error.message } : error;
      if (of.field?.endsWith('current')) setAsks(true);
      return byField(of);
    },
    onDone,
  });
  return (
    <form onSubmit={form.onSubmit(({ current, next }) => change.mutate({ body: { current, next } }))}>
      <Stack gap="sm">
        {asks ? (
          <PasswordInput
            label={passwordTexts.current}
            autoComplete="current-password"
            data-autofocus
            autoFocus
            {...form.getInputProps('current')}
            key={form.key('current')}
          />
        ) : null}
        <PasswordInput
          label={passwordTexts.next}
          description={passwordTexts.nextHint}
          autoComplete="new-password"
          autoFocus={!asks}
          {...form.getInputProps('next')}
          key={form.key('next')}
        />
        <PasswordInput label={passwordTexts.again} autoComplete="new-password" {...form.getInputProps('again')} key={form.key('again')} />
        <Group justify="flex-end">
          <Button type="submit" loading={change.isPending}>
            {passwordTexts.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
