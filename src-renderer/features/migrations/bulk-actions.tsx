import { Button } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { ClientError, toClientError } from '../../api/client-error.ts';
import { useClient, useCore } from '../../api/queries.tsx';
import { notifyDone, notifyFailed } from '../../notify.tsx';
import { migrationsTexts as texts } from '../../texts/migrations.ts';
import { formatNumber } from '../../ui/format.ts';
import { inTurns } from './in-turns.ts';

type Bulk = 'sync' | 'pause' | 'resume';
/** Calls that are on their way together. */
const TOGETHER = 4;

/** One thing for all that are selected; what was refused is told together. */
export function BulkActions({ ids, onDone }: { ids: readonly string[]; onDone: () => void }) {
  const client = useClient();
  const { invalidator } = useCore();
  const [busy, setBusy] = useState<Bulk>();
  async function act(what: Bulk) {
    setBusy(what);
    const { done, errors } = await inTurns(ids, TOGETHER, async (id) => {
      const params = { id };
      if (what === 'sync') await client.call('migrations.sync', { params, body: { kind: 'incremental' } });
      else if (what === 'pause') await client.call('migrations.pause', { params });
      else await client.call('migrations.resume', { params });
    });
    invalidator.action(`migrations.${what}`);
    setBusy(undefined);
    if (done > 0) notifyDone(texts.done[what](formatNumber(done)));
    const first = errors.length > 0 ? toClientError(errors[0]) : undefined;
    if (first) notifyFailed(new ClientError(first.code, texts.refused(formatNumber(errors.length), first.message)));
    else onDone();
  }
  const button = (what: Bulk, Icon: typeof IconRefresh) => (
    <Button
      variant="default"
      leftSection={<Icon size={15} aria-hidden />}
      loading={busy === what}
      disabled={busy !== undefined && busy !== what}
      onClick={() => void act(what)}
    >
      {texts[what]}
    </Button>
  );
  return (
    <>
      <strong className="tabular">{texts.selected(formatNumber(ids.length))}</strong>
      {button('sync', IconRefresh)}
      {button('pause', IconPlayerPause)}
      {button('resume', IconPlayerPlay)}
      <Button variant="subtle" color="gray" onClick={onDone}>
        {texts.clearSelection}
      </Button>
    </>
  );
}
