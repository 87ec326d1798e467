import { Button, Divider, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import type { UnlockAnswer } from '../../../src-preload/bridge.ts';
import { unlockTexts } from '../../texts/unlock.ts';
import { Notice } from '../../ui/notice.tsx';

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
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { passphrase: '', again: '' },
    validate: {
      passphrase: (value) => ([...value].length < SHORTEST ? unlockTexts.tooShort : null),
      again: (value, { passphrase }) => (value === passphrase ? null : unlockTexts.differ),
    },
  });
  return (
    <Stack gap="sm">
      {why === undefined ? null : <Notice tone={before === 'file' ? 'bad' : 'warn'}>{why}</Notice>}
      <Title order={2} size="h3">
        {unlockTexts.keychainTitle}
      </Title>
      <Button
        variant="default"
        fullWidth
        disabled={busy}
        loading={busy && tried === 'keychain'}
        onClick={() => {
          setTried('keychain');
          onAnswer({ with: 'keychain' });
        }}
      >
        {before === 'file' ? unlockTexts.useKeychain : unlockTexts.tryKeychain}
      </Button>
      <Divider />
      <Title order={2} size="h3">
        {before === 'file' ? unlockTexts.newFileTitle : unlockTexts.fileTitle}
      </Title>
      <Text c="dimmed">{unlockTexts.fileHint}</Text>
      {before === undefined ? null : <Text c="dimmed">{unlockTexts.leavesBehind}</Text>}
      <form
        aria-label={unlockTexts.fileTitle}
        onSubmit={form.onSubmit(({ passphrase }) => {
          setTried('file');
          onAnswer({ with: 'file', passphrase });
        })}
      >
        <Stack gap="sm">
          <PasswordInput
            label={unlockTexts.newPassphrase}
            description={unlockTexts.newPassphraseHint}
            autoComplete="off"
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
    </Stack>
  );
}
