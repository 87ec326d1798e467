import { Loader } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconMinus, IconX } from '@tabler/icons-react';
import { uiTexts } from '../texts/ui.ts';
import classes from './probe-steps.module.css';

export interface ProbeStep {
  id: string;
  outcome: 'passed' | 'failed' | 'not-tried';
  /** A sentence for people. */
  text: string;
  /** What helps to mend it. */
  detail?: string | undefined;
}

type Look = ProbeStep['outcome'] | 'warning' | 'busy';
const icons = { passed: IconCheck, failed: IconX, 'not-tried': IconMinus, warning: IconAlertTriangle };

/** What a test found, step by step. Until it has answered, the steps it will take. */
export function ProbeSteps(props: {
  label: string;
  /** Undefined while it is not known yet. */
  steps: readonly ProbeStep[] | undefined;
  busy: boolean;
  names: Readonly<Record<string, string>>;
  /** Steps whose failure does not stand in the way. */
  warnings?: readonly string[];
  /** Steps that passed, but whose text somebody should read. */
  notable?: readonly string[];
  /** What is tried, before anything was answered: ids of `names`. */
  expected: readonly string[];
  /** Why the others were not tried is told where it says more than that. */
  notTried?: string;
}) {
  const { steps, busy, names, warnings = [], notable = [], expected } = props;
  const shown = busy || !steps ? expected.map((id): ProbeStep => ({ id, outcome: 'not-tried', text: '' })) : steps;
  return (
    <ol className={classes.steps} aria-label={props.label} aria-busy={busy} aria-live="polite">
      {shown.map(({ id, outcome, text, detail }) => {
        const look: Look = busy
          ? 'busy'
          : (outcome === 'failed' && warnings.includes(id)) || (outcome === 'passed' && notable.includes(id))
            ? 'warning'
            : outcome;
        return (
          <li key={id} className={classes.step} data-look={look}>
            <span className={classes.icon}>
              <StepIcon look={look} />
            </span>
            <span className={classes.name}>{names[id] ?? id}</span>
            <span className={classes.texts}>
              <span className="only-read">{uiTexts.steps[look]}</span>
              {look === 'not-tried' && text === props.notTried ? null : <span>{text}</span>}
              {detail === undefined ? null : <span className={classes.detail}>{detail}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function StepIcon({ look }: { look: Look }) {
  if (look === 'busy') return <Loader size={13} color="gray" aria-hidden />;
  const Icon = icons[look];
  return <Icon size={15} stroke={2.2} aria-hidden />;
}
