import {
  IconAlertTriangleFilled,
  IconBan,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleDotFilled,
  IconPlayerStopFilled,
  IconPlugConnectedX,
} from '@tabler/icons-react';
import { timelineTexts as texts } from '../../texts/graphics.ts';
import classes from './phase-timeline.module.css';
import type { StepState, TimelineStep } from './timeline.ts';

export interface PhaseTimelineProps {
  kind: 'run' | 'cutover';
  /** By `timelineOf`. */
  steps: readonly TimelineStep[];
}

const icons: Record<StepState, typeof IconCircleDashed> = {
  done: IconCircleCheckFilled,
  now: IconCircleDotFilled,
  waiting: IconCircleDashed,
  unreached: IconCircleDashed,
  failed: IconAlertTriangleFilled,
  stopped: IconPlayerStopFilled,
  cancelled: IconBan,
  interrupted: IconPlugConnectedX,
};

const isCurrent = ({ state }: Pick<TimelineStep, 'state'>) => state !== 'done' && state !== 'waiting' && state !== 'unreached';

/** The way of a run or a cutover: what is done, where it is, what comes. */
export function PhaseTimeline({ kind, steps }: PhaseTimelineProps) {
  const current = steps.find(isCurrent);
  const meaning = current && texts.meaning(current.id);
  return (
    <div className={classes.root}>
      <ol className={classes.steps} aria-label={texts[kind]}>
        {steps.map((step) => (
          <Step key={step.id} {...step} />
        ))}
      </ol>
      {current && meaning && (
        <p className={classes.meaning}>
          <strong>{texts.word(current.id)}:</strong> {meaning}
        </p>
      )}
    </div>
  );
}

function Step({ id, state, duration }: TimelineStep) {
  const Icon = icons[state];
  const current = isCurrent({ state });
  return (
    <li className={classes.step} data-state={state} title={texts.meaning(id)} aria-current={current ? 'step' : undefined}>
      <Icon className={classes.icon} size={18} aria-hidden="true" />
      <span className={classes.text}>
        <span className={classes.word}>{texts.word(id)}</span>
        <span className={classes.state}>{texts.state(state)}</span>
        <span className={classes.duration}>{duration !== undefined && texts.duration(duration)}</span>
      </span>
    </li>
  );
}
