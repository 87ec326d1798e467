import { Button, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect, useRef } from 'react';
import type { UnlockAnswer } from '../../../src-preload/bridge.ts';
import { unlockTexts } from '../../texts/unlock.ts';
import { Notice } from '../../ui/notice.tsx';

interface Problem {
  kind: 'wrong' | 'altered' | 'other';
  message: string;
}

/** Asks for the passphrase of the file that is there. */
export function OpenFile(props: { problem: Problem | undefined; busy: boolean; onAnswer: (answer: UnlockAnswer) => void }) {
  const { problem } = props;
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { passphrase: '' },
    validate: { passphrase: (value) => (value === '' ? unlockTexts.needed : null) },
  });
  const field = useRef<HTMLInputElement>(null);
  // While an answer is tried the field is disabled, and a disabled field loses the focus.
  useEffect(() => {
    if (problem) field.current?.focus();
  }, [problem]);
  return (
    <form
      aria-label={unlockTexts.openTitle}
      onSubmit={form.onSubmit(({ passphrase }) => {
        props.onAnswer({ with: 'file', passphrase });
        form.reset();
      })}
    >
      <Stack gap="sm">
        <PasswordInput
          label={unlockTexts.passphrase}
          autoComplete="off"
          autoFocus
          ref={field}
          disabled={props.busy}
          {...form.getInputProps('passphrase')}
          key={form.key('passphrase')}
        />
        {problem?.kind === 'wrong' ? <Notice tone="bad">{unlockTexts.wrong}</Notice> : null}
        {problem?.kind === 'altered' ? (
          <Notice tone="bad" title={unlockTexts.alteredTitle}>
            {unlockTexts.alteredHint} {problem.message}
          </Notice>
        ) : null}
        {problem?.kind === 'other' ? <Notice tone="bad">{problem.message}</Notice> : null}
        <Button type="submit" fullWidth mt={6} loading={props.busy}>
          {unlockTexts.open}
        </Button>
      </Stack>
    </form>
  );
}
