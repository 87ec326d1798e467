import { Button, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import type { UnlockAnswer } from '../../../src-preload/bridge.ts';
import { unlockTexts } from '../../texts/unlock.ts';
import { Notice } from '../../ui/notice.tsx';
import classes from './unlock.module.css';

/** Characters, as the vault counts them. */
const SHORTEST = 12;

interface ChooseProps {
  /** What keeps the usual place from being used. */
  why: string | undefined;
  before: 'keychain' | 'file' | undefined;
  busy: boolean;
  onAnswer: (answer: UnlockAnswer) => void;
}

/** The keychain once more, or a new file with a passphrase that is typed twice. */
export function ChooseStore({ why, before, busy, onAnswer }: ChooseProps) {
  const [tried, setTried] = useState<'keychain' | 'file'>();
  const fileGone = before === 'file';
  const answer = (given: UnlockAnswer) => {
    setTried(given.with);
    onAnswer(given);
  };
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { passphrase: '', again: '' },
    validate: {
      passphrase: (value) => ([...value].length < SHORTEST ? unlockTexts.tooShort : null),
      again: (value, { passphrase }) => (value === passphrase ? null : unlockTexts.differ),
    },
  });
  return (
    <div className={classes.ways}>
      <section className={classes.way}>
        <h2>{unlockTexts.keychainTitle}</h2>
        {why === undefined ? null : <Notice tone={fileGone ? 'bad' : 'warn'}>{why}</Notice>}
        <Button
          variant="default"
          fullWidth
          disabled={busy}
          loading={busy && tried === 'keychain'}
          onClick={() => answer({ with: 'keychain' })}
        >
          {fileGone ? unlockTexts.useKeychain : unlockTexts.tryKeychain}
        </Button>
      </section>
      <section className={classes.way}>
        <h2>{fileGone ? unlockTexts.newFileTitle : unlockTexts.fileTitle}</h2>
        <p>{unlockTexts.fileHint}</p>
        {before === undefined ? null : <p>{unlockTexts.leavesBehind}</p>}
        <form aria-label={unlockTexts.fileTitle} onSubmit={form.onSubmit(({ passphrase }) => answer({ with: 'file', passphrase }))}>
          <Stack gap="sm">
            <PasswordInput
              label={unlockTexts.newPassphrase}
              description={unlockTexts.newPassphraseHint}
              autoComplete="off"
              autoFocus
              disabled={busy}
              {...form.getInputProps('passphrase')}
              key={form.key('passphrase')}
            />
            <PasswordInput
              label={unlockTexts.again}
              autoComplete="off"
              disabled={busy}
              {...form.getInputProps('again')}
              key={form.key('again')}
            />
            <Button type="submit" fullWidth mt={6} disabled={busy} loading={busy && tried === 'file'}>
              {unlockTexts.keepInFile}
            </Button>
          </Stack>
        </form>
      </section>
    </div>
  );
}
