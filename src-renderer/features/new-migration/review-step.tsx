import { Button, Checkbox } from '@mantine/core';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { AcceptWarnings } from './checks-step.tsx';
import { EstimateFacts } from './estimate-facts.tsx';
import classes from './new-migration.module.css';
import type { Plan } from './plan.ts';
import { StepTitle } from './step-title.tsx';
import { type StepId, type StepView, stepIds } from './steps.ts';
import type { Checks } from './use-checks.ts';
import type { Estimated } from './use-estimate.ts';

const texts = newMigrationTexts.review;

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
              <dd>{views[id].says}</dd>
              <Button variant="subtle" onClick={() => onStep(id)} aria-label={newMigrationTexts.change(newMigrationTexts.steps[id])}>
                {newMigrationTexts.changeShort}
              </Button>
            </div>
          ))}
      </dl>
      <Checkbox
        label={texts.syncNow}
        description={texts.syncHint}
        checked={plan.syncNow}
        onChange={(event) => onPlan({ syncNow: event.currentTarget.checked })}
      />
      {checks.warn.length > 0 && checks.pending.length === 0 ? (
        <AcceptWarnings checks={checks} accepted={props.accepted} onAccept={props.onAccept} />
      ) : null}
      <EstimateFacts estimate={props.estimate} free={props.free} />
    </>
  );
}
