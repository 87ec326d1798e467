import { Loader } from '@mantine/core';
import { IconDisc, IconFlask, IconPlugConnected } from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { useAction } from '../../api/queries.tsx';
import { notifyDone } from '../../notify.tsx';
import { firstStartTexts } from '../../texts/first-start.ts';
import { formatNumber } from '../../ui/format.ts';
import classes from './doors.module.css';

/** Three ways to the first machines. For whoever has none yet. */
export function Doors({ onEnter }: { onEnter: (path: string) => void }) {
  const { vcenter, images, lab } = firstStartTexts.doors;
  const start = useAction('lab.start', {
    onDone: ({ machines }) => {
      notifyDone(firstStartTexts.labDone(formatNumber(machines)));
      onEnter('/machines');
    },
  });
  const busy = start.isPending;
  return (
    <div className={classes.doors}>
      <Door icon={IconPlugConnected} {...vcenter} disabled={busy} onClick={() => onEnter('/sources/new-vsphere')} />
      <Door icon={IconDisc} {...images} disabled={busy} onClick={() => onEnter('/sources/new-images')} />
      <Door
        icon={IconFlask}
        title={lab.title}
        hint={busy ? lab.busy : lab.hint}
        busy={busy}
        disabled={busy}
        onClick={() => start.mutate({ body: {} })}
      />
    </div>
  );
}

interface DoorProps {
  icon: ComponentType<{ size?: number | string; stroke?: number; 'aria-hidden'?: boolean }>;
  title: string;
  hint: string;
  busy?: boolean;
  disabled: boolean;
  onClick: () => void;
}

function Door({ icon: Icon, title, hint, busy, disabled, onClick }: DoorProps) {
  return (
    <button type="button" className={classes.door} onClick={onClick} disabled={disabled} aria-busy={busy}>
      <span className={classes.icon}>{busy ? <Loader size={24} /> : <Icon size={26} stroke={1.5} aria-hidden />}</span>
      <span className={classes.title}>{title}</span>
      <span className={classes.hint}>{hint}</span>
    </button>
  );
}
