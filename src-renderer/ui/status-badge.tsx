import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconBan,
  IconCheck,
  IconCircle,
  IconClock,
  IconHelpCircle,
  IconLock,
  IconPlayerPause,
  IconPlugConnectedX,
  IconPower,
  IconProgress,
  IconShieldCheck,
  IconShieldHalf,
  IconTransfer,
  IconX,
} from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import { uiTexts } from '../texts/ui.ts';
import classes from './ui.module.css';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'idle';
/** All states that the contract knows, of runs, cutovers, tasks, migrations, machines and checks. */
export type Status = keyof typeof uiTexts.states;
type Icon = ComponentType<{ size?: number | string; stroke?: number }>;

const looks: Record<Status, { icon: Icon; tone: Tone }> = {
  running: { icon: IconProgress, tone: 'busy' },
  succeeded: { icon: IconCheck, tone: 'good' },
  failed: { icon: IconX, tone: 'bad' },
  cancelled: { icon: IconBan, tone: 'idle' },
  interrupted: { icon: IconPlugConnectedX, tone: 'warn' },
  'rolling-back': { icon: IconArrowBackUp, tone: 'busy' },
  'rolled-back': { icon: IconArrowBackUp, tone: 'warn' },
  done: { icon: IconCheck, tone: 'good' },
  waiting: { icon: IconClock, tone: 'idle' },
  dead: { icon: IconAlertTriangle, tone: 'bad' },
  paused: { icon: IconPlayerPause, tone: 'warn' },
  active: { icon: IconCircle, tone: 'idle' },
  'cut-over': { icon: IconTransfer, tone: 'good' },
  none: { icon: IconCircle, tone: 'idle' },
  pending: { icon: IconShieldHalf, tone: 'warn' },
  protected: { icon: IconShieldCheck, tone: 'good' },
  behind: { icon: IconClock, tone: 'warn' },
  on: { icon: IconPower, tone: 'good' },
  off: { icon: IconCircle, tone: 'idle' },
  suspended: { icon: IconPlayerPause, tone: 'idle' },
  refused: { icon: IconBan, tone: 'warn' },
  disabled: { icon: IconBan, tone: 'idle' },
  locked: { icon: IconLock, tone: 'warn' },
  match: { icon: IconShieldCheck, tone: 'good' },
  mismatch: { icon: IconAlertTriangle, tone: 'bad' },
  ok: { icon: IconCheck, tone: 'good' },
  warning: { icon: IconAlertTriangle, tone: 'warn' },
  blocked: { icon: IconBan, tone: 'bad' },
  unknown: { icon: IconHelpCircle, tone: 'idle' },
};

const isStatus = (state: string): state is Status => Object.hasOwn(looks, state);

/** A state as icon and word: never by colour alone. `word` says it otherwise, e.g. with a number. */
export function StatusBadge({ state, word, tone }: { state: Status | (string & {}); word?: ReactNode; tone?: Tone }) {
  const known = isStatus(state) ? state : 'unknown';
  const { icon: Icon, tone: usual } = looks[known];
  return (
    <span className={classes.status} data-tone={tone ?? usual}>
      <span className={classes.statusIcon} aria-hidden>
        <Icon size={15} stroke={2} />
      </span>
      <span className={classes.statusWord}>{word ?? (known === 'unknown' ? state : uiTexts.states[known])}</span>
    </span>
  );
}
