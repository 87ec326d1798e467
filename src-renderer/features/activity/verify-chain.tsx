import { Button, Group, Modal, Stack } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { toClientError } from '../../api/client-error.ts';
import { useClient } from '../../api/queries.tsx';
import { notifyFailed } from '../../notify.tsx';
import { activityTexts } from '../../texts/activity.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { formatNumber } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { KeyValue } from '../../ui/page-header.tsx';

type Report = Output<'activity.verify'>;
const texts = activityTexts.verified;

/** Computes every hash of the log anew, and says in words whether it is whole. */
export function VerifyChain() {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<Report>();
  async function verify(): Promise<void> {
    setBusy(true);
    try {
      setReport(await client.call('activity.verify', {}));
    } catch (error) {
      notifyFailed(toClientError(error));
    } finally {
      setBusy(false);
    }
  }
  const close = () => setReport(undefined);
  return (
    <>
      <Button variant="default" leftSection={<IconShieldCheck size={15} aria-hidden />} loading={busy} onClick={() => void verify()}>
        {activityTexts.verify}
      </Button>
      <Modal opened={report !== undefined} onClose={close} title={activityTexts.verify} size="lg">
        {report ? (
          <Stack gap="md">
            <Outcome report={report} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close} data-autofocus>
                {texts.close}
              </Button>
            </Group>
          </Stack>
        ) : null}
      </Modal>
    </>
  );
}

function Outcome({ report: { whole, entries, head, broken } }: { report: Report }) {
  if (whole) {
    return (
      <>
        <Notice tone="good" title={texts.title}>
          {texts.text(formatNumber(entries))}
        </Notice>
        <KeyValue items={[[texts.head, <CopyText key="head" text={head} />]]} />
        <div>{texts.note}</div>
      </>
    );
  }
  return (
    <>
      <Notice tone="bad" title={texts.brokenTitle}>
        {broken ? (texts.faults[broken.fault] ?? null) : null}
        {broken ? <div>{texts.brokenText(formatNumber(broken.id), broken.message)}</div> : null}
      </Notice>
      <div>{texts.holds(formatNumber(entries))}</div>
      <KeyValue items={[[texts.lastGood, <CopyText key="head" text={head} />]]} />
    </>
  );
}
