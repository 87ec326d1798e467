import { Button, Stack } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { UnlockAnswer, UnlockBridge, UnlockQuestion } from '../../../src-preload/bridge.ts';
import { EntryPage } from '../../frame/entry-page.tsx';
import { Themed } from '../../frame/themed.tsx';
import { frameTexts } from '../../texts/frame.ts';
import { unlockTexts } from '../../texts/unlock.ts';
import { ChooseStore } from './choose-store.tsx';
import { OpenFile } from './open-file.tsx';
import classes from './unlock.module.css';

/** The page before all others: where secrets are kept, or the passphrase that opens them. It has no core behind it. */
export default function UnlockPage({ bridge, nonce }: { bridge: UnlockBridge; nonce?: string }) {
  return (
    <Themed nonce={nonce}>
      <Unlock bridge={bridge} />
    </Themed>
  );
}

export function Unlock({ bridge }: { bridge: UnlockBridge }) {
  // The one that stands. It stays while its answer is tried, so that nothing jumps.
  const [question, setQuestion] = useState<UnlockQuestion>();
  const [busy, setBusy] = useState(false);
  // Asked by the person, who does not want to wait for the keychain.
  const [instead, setInstead] = useState(false);
  useEffect(
    () =>
      bridge.watch((next) => {
        if (next.ask === 'nothing') return;
        setQuestion(next);
        setBusy(false);
        setInstead(false);
      }),
    [bridge],
  );
  useEffect(() => {
    document.title = frameTexts.product;
  }, []);
  const answer = (given: UnlockAnswer) => {
    setBusy(true);
    bridge.answer(given);
  };
  const quit = (
    <div className={classes.leave}>
      <Button variant="subtle" color="gray" onClick={() => bridge.quit()}>
        {unlockTexts.quit}
      </Button>
    </div>
  );

  if (!question) return <EntryPage hint={unlockTexts.starting} />;
  if (question.ask === 'keychain' && !instead) {
    return (
      <EntryPage title={unlockTexts.waitingTitle} hint={unlockTexts.waitingHint}>
        <Stack gap={0} align="center">
          <Button variant="default" onClick={() => setInstead(true)}>
            {unlockTexts.useFileInstead}
          </Button>
          {quit}
        </Stack>
      </EntryPage>
    );
  }
  if (question.ask === 'passphrase') {
    return (
      <EntryPage title={unlockTexts.openTitle} hint={unlockTexts.openHint} panel>
        <OpenFile problem={busy ? undefined : question.problem} busy={busy} onAnswer={answer} />
        {quit}
      </EntryPage>
    );
  }
  const choice = question.ask === 'choose' ? question : undefined;
  const fileGone = choice?.before === 'file';
  const hint = fileGone ? unlockTexts.goneHint : choice ? unlockTexts.chooseHint : unlockTexts.insteadHint;
  return (
    <EntryPage title={fileGone ? unlockTexts.goneTitle : unlockTexts.chooseTitle} hint={hint}>
      <ChooseStore why={choice?.why} before={choice?.before} busy={busy} onAnswer={answer} />
      {quit}
    </EntryPage>
  );
}
