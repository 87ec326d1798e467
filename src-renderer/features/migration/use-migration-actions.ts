import { useEffect, useMemo, useState } from 'react';
import { useAction } from '../../api/queries.tsx';
import { hideNotice, notifyDone } from '../../notify.tsx';
import { useMay } from '../../stores/session.ts';
import { migrationTexts as texts } from '../../texts/migration.ts';
import { type ActionName, type Hindrance, hindrance, type Migration, type Schedule } from './next-step.ts';

/** What is asked about before it is done. */
export type DialogName = 'cutover' | 'rollback' | 'cancel' | 'remove';

export interface MigrationActions {
  /** May this person act at all? What they may not do is not shown. */
  may: boolean;
  hindrance: (action: ActionName) => Hindrance | undefined;
  do: (action: ActionName) => void;
  verify: (recoveryPointId: string) => void;
  /** Lets these schedules count again. */
  turnOn: (scheduleIds: readonly string[]) => void;
  /** An answer is awaited. */
  pending: boolean;
  dialog: DialogName | undefined;
  close: () => void;
}

const notice = (migrationId: string) => `verify ${migrationId}`;

export function useMigrationActions(migration: Migration, schedules: readonly Schedule[] | undefined): MigrationActions {
  const may = useMay('operator');
  const [dialog, setDialog] = useState<DialogName>();
  const sync = useAction('migrations.sync', { done: texts.done.sync });
  const verify = useAction('migrations.verify', { onDone: () => notifyDone(texts.done.verify, notice(migration.id)) });
  const verifying = migration.working === 'verify';
  useEffect(() => {
    // It is over: that it begins is no news any more.
    if (verifying) return () => hideNotice(notice(migration.id));
  }, [verifying, migration.id]);
  const pause = useAction('migrations.pause', { done: texts.done.pause });
  const resume = useAction('migrations.resume', { done: texts.done.resume });
  const turnOn = useAction('schedules.update', { done: texts.done.turnedOn });
  const params = useMemo(() => ({ id: migration.id }), [migration.id]);
  return {
    may,
    hindrance: (action) => hindrance(action, migration, schedules),
    do(action) {
      if (action === 'sync') sync.mutate({ params, body: { kind: 'incremental' } });
      else if (action === 'reconcile') sync.mutate({ params, body: { kind: 'reconcile' } });
      else if (action === 'verify') verify.mutate({ params, body: {} });
      else if (action === 'pause') pause.mutate({ params });
      else if (action === 'resume') resume.mutate({ params });
      else setDialog(action);
    },
    verify: (recoveryPointId) => verify.mutate({ params, body: { recoveryPointId } }),
    turnOn: (ids) => {
      for (const id of ids) turnOn.mutate({ params: { id }, body: { enabled: true } });
    },
    pending: turnOn.isPending || sync.isPending || verify.isPending || pause.isPending || resume.isPending,
    dialog,
    close: () => setDialog(undefined),
  };
}
