import { Button, Checkbox } from '@mantine/core';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { AcceptWarnings, CheckGroup, LeaveOut } from './check-group.tsx';
import { EstimateFacts } from './estimate-facts.tsx';
import classes from './new-migration.module.css';
import type { Plan } from './plan.ts';
import { StepTitle } from './step-title.tsx';
import { type StepId, type StepView, stepIds } from './steps.ts';
import type { Checks } from './use-checks.ts';
import type { Estimated } from './use-estimate.ts';

const texts = newMigrationTexts.review;
/** All of them are in the step of the checks. */
const MOST_SHOWN = 3;

interface ReviewStepProps {
  plan: Plan;
  views: Readonly<Record<StepId, StepView>>;
  checks: Checks;
  accepted: boolean;
  estimate: Estimated;
  free: number | undefined;
  onPlan: (change: Partial<Plan>) => void;
  onStep: (step: StepId) => void;
  onAccept: (accepted: boolean) => void;
  onLeaveOut: (ids: readonly string[]) => void;
}

/** Everything on one page, each part with a way back to it. */
export function ReviewStep({ plan, views, checks, onPlan, onStep, ...props }: ReviewStepProps) {
  return (
    <>
      <StepTitle title={texts.title} />
      <dl className={classes.review}>
        {stepIds
          .filter((id) => id !== 'review')
          .map((id) => (
            <div key={id}>
              <dt>{newMigrationTexts.steps[id]}</dt>
              <dd>
                <span>{views[id].says}</span>
                <Button variant="subtle" onClick={() => onStep(id)} aria-label={newMigrationTexts.change(newMigrationTexts.steps[id])}>
                  {newMigrationTexts.changeShort}
                </Button>
              </dd>
            </div>
          ))}
      </dl>
      <Checkbox
        label={texts.syncNow}
        description={
          plan.syncNow && plan.rhythm.mode !== 'none' && plan.rhythm.windows.length > 0
            ? `${texts.syncHint} ${texts.syncQuiet}`
            : texts.syncHint
        }
        checked={plan.syncNow}
        onChange={(event) => onPlan({ syncNow: event.currentTarget.checked })}
      />
      <CheckGroup machines={checks.fail} title={newMigrationTexts.checks.groups.fail(checks.fail.length)} most={MOST_SHOWN}>
        <LeaveOut checks={checks} onLeaveOut={props.onLeaveOut} />
      </CheckGroup>
      <CheckGroup machines={checks.warn} title={newMigrationTexts.checks.groups.warn(checks.warn.length)} most={MOST_SHOWN}>
        {checks.pending.length === 0 ? <AcceptWarnings checks={checks} accepted={props.accepted} onAccept={props.onAccept} /> : null}
      </CheckGroup>
      <EstimateFacts estimate={props.estimate} free={props.free} />
    </>
  );
}
