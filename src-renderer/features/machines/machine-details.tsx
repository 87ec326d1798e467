import { ActionIcon, Anchor, Button } from '@mantine/core';
import { IconTransfer, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoute } from '../../api/queries.tsx';
import { go, hrefOf } from '../../go.ts';
import { newMigrationPath } from '../../stores/machine-choice.ts';
import { useMay } from '../../stores/session.ts';
import { machineTexts } from '../../texts/machines.ts';
import { formatBytes, formatNumber } from '../../ui/format.ts';
import { KeyValue } from '../../ui/page-header.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Bytes, When } from '../../ui/values.tsx';
import classes from './machines.module.css';

const texts = machineTexts.details;
type Machine = Output<'vms.get'>;

interface DetailsProps {
  id: string;
  sourceName: string | undefined;
  onClose: () => void;
}

/** One machine, beside the table. Escape closes it. */
export function MachineDetails({ id, sourceName, onClose }: DetailsProps) {
  const found = useRoute('vms.get', { params: { id } });
  const name = found.data?.name;
  useEscape(onClose);
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  }
  return (
    <aside className={classes.details} aria-label={name === undefined ? texts.loading : texts.label(name)} onKeyDown={onKeyDown}>
      <div className={classes.detailsHead}>
        <h2>{name ?? texts.loading}</h2>
        <ActionIcon aria-label={texts.close} title={texts.close} onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.detailsBody} tabIndex={0} aria-label={texts.facts}>
        {found.data ? (
          <Facts machine={found.data} sourceName={sourceName} />
        ) : found.error ? (
          <ErrorState error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <LoadingRows rows={10} />
        )}
      </section>
      <span className="only-read" role="status">
        {name === undefined ? '' : texts.opened(name)}
      </span>
    </aside>
  );
}

/** What takes Escape for itself. */
const ownEscape = '[role=dialog], [role=alertdialog], [role=menu]';
const isField = (target: EventTarget | null) => target instanceof Element && target.closest('input, textarea, select, [contenteditable]');

/** Escape anywhere on the page, but not in a field or while something else is open over it. */
function useEscape(onEscape: () => void): void {
  const latest = useRef(onEscape);
  latest.current = onEscape;
  useEffect(() => {
    let open = false;
    // Asked before others hear of the key: they may have closed it when it arrives here.
    const before = () => {
      open = document.querySelector(ownEscape) !== null;
    };
    const after = (event: globalThis.KeyboardEvent) => {
      if (event.key === 'Escape' && !open && !event.defaultPrevented && !isField(event.target)) latest.current();
    };
    window.addEventListener('keydown', before, { capture: true });
    window.addEventListener('keydown', after);
    return () => {
      window.removeEventListener('keydown', before, { capture: true });
      window.removeEventListener('keydown', after);
    };
  }, []);
}

function Facts({ machine, sourceName }: { machine: Machine; sourceName: string | undefined }) {
  const { cpus, memory, firmware, secureBoot, tools, tracking, disks, adapters, tags } = machine;
  return (
    <>
      <div className={classes.states}>
        <StatusBadge state={machine.protection} />
        <StatusBadge state={machine.powerState} />
      </div>
      <Next machine={machine} />
      <Part title={texts.migrations}>
        <Migrations machine={machine} />
      </Part>
      <Part title={texts.tracking}>
        <StatusBadge
          state={tracking.state === 'on' ? 'ok' : tracking.state === 'off' ? 'off' : 'warning'}
          word={texts.trackingStates[tracking.state]}
        />
        <p className={classes.under}>{tracking.text}</p>
      </Part>
      <Part title={texts.disks(disks.length)}>
        <ul className={classes.list}>
          {disks.map((disk) => (
            <li key={disk.key}>
              <div className={classes.line}>
                <span>{disk.label}</span>
                <Bytes value={disk.capacity} />
              </div>
              <div className={classes.under}>
                {disk.datastore}, {disk.thin ? texts.thin : texts.thick}
              </div>
              {disk.excluded === undefined ? null : <div className={classes.warn}>{texts.leftOut(disk.excluded)}</div>}
            </li>
          ))}
        </ul>
      </Part>
      <Part title={texts.adapters(adapters.length)}>
        {adapters.length === 0 ? <p className={classes.under}>{texts.noAdapters}</p> : null}
        <ul className={classes.list}>
          {adapters.map((adapter) => (
            <li key={adapter.key}>
              <div className={classes.line}>
                <span>{adapter.network}</span>
                <span className="tabular">{adapter.mac}</span>
              </div>
              <div className={classes.under}>{adapter.label}</div>
            </li>
          ))}
        </ul>
      </Part>
      <Part title={texts.snapshots}>
        <Snapshots machine={machine} />
      </Part>
      <Part title={texts.facts}>
        <KeyValue
          items={[
            [texts.source, sourceName],
            [machineTexts.columns.folder, machine.folder],
            [machineTexts.columns.cluster, machine.cluster],
            [texts.host, machine.host],
            [texts.guest, machine.guestName],
            [
              texts.size,
              <span key="size" className="tabular">
                {texts.sizeOf(cpus, formatBytes(memory))}
              </span>,
            ],
            [texts.firmware, firmware === 'bios' ? texts.firmwares.bios : secureBoot ? texts.firmwares.secure : texts.firmwares.efi],
            [texts.hardware, formatNumber(machine.hardwareVersion)],
            [texts.tools, texts.toolStates[tools] ?? tools],
            [texts.tags, tags.length === 0 ? undefined : tags.join(', ')],
            [texts.seen, <When key="seen" at={machine.seenAt} />],
          ]}
        />
      </Part>
    </>
  );
}

/** A migration is there that this person may not see. */
const isOfOthers = ({ protection, migrations }: Machine) => protection !== 'none' && migrations.length === 0;

/** The obvious next step. */
function Next({ machine }: { machine: Machine }) {
  const may = useMay('operator');
  if (machine.template) return <p className={classes.quiet}>{texts.template}</p>;
  if (!may || isOfOthers(machine)) return null;
  const first = machine.migrations.length === 0;
  return (
    <Button
      className={classes.next}
      fullWidth
      variant={first ? 'filled' : 'default'}
      leftSection={<IconTransfer size={14} aria-hidden />}
      onClick={() => go(newMigrationPath([machine.id]))}
    >
      {machineTexts.replicate(1)}
    </Button>
  );
}

function Migrations({ machine }: { machine: Machine }) {
  if (isOfOthers(machine)) {
    return (
      <p className={classes.under}>
        {machine.protection === 'pending' ? texts.replicatedByOthers : texts.protectedByOthers}. {texts.byOthers}
      </p>
    );
  }
  if (machine.migrations.length === 0) return <p className={classes.under}>{texts.noMigrations}</p>;
  return (
    <ul className={classes.list}>
      {machine.migrations.map((migration) => (
        <li key={migration.id}>
          <div className={classes.line}>
            <Anchor href={hrefOf(`/migrations/${migration.id}`)} inherit underline="always">
              {texts.to(migration.targetName)}
            </Anchor>
            <StatusBadge state={migration.state} />
          </div>
          <div className={classes.under}>
            {texts.points(migration.recoveryPoints)}
            {migration.newestPointAt === undefined ? null : (
              <>
                , {texts.newest} <When at={migration.newestPointAt} />
              </>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Snapshots({ machine: { snapshots, snapshotCount } }: { machine: Machine }) {
  if (snapshotCount === 0 && snapshots.length === 0) return <p className={classes.under}>{texts.noSnapshots}</p>;
  const more = snapshotCount - snapshots.length;
  return (
    <ul className={classes.list}>
      {snapshots.map(({ name, takenAt, ours }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: several may have the same name
        <li key={index}>
          <div className={classes.line}>
            <span>{name}</span>
            <When at={takenAt} none="" />
          </div>
          {ours ? <div className={classes.under}>{texts.ours}</div> : null}
        </li>
      ))}
      {more > 0 ? <li className={classes.under}>{texts.moreSnapshots(more)}</li> : null}
    </ul>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
