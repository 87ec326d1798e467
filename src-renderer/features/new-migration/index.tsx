import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCircle, IconCircleCheck, IconPlayerPlay, IconProgress, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoute } from '../../api/queries.tsx';
import { go } from '../../go.ts';
import { notifyDone } from '../../notify.tsx';
import type { ScreenProps } from '../../screen-props.ts';
import { chosenMachines } from '../../stores/machine-choice.ts';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { bytesOf } from '../../ui/rate.ts';
import { Loaded } from '../../ui/states.tsx';
import { ChecksStep } from './checks-step.tsx';
import { MachinesStep } from './machines-step.tsx';
import { MappingStep } from './mapping-step.tsx';
import classes from './new-migration.module.css';
import { defaultPlan, type Plan } from './plan.ts';
import { ReviewStep } from './review-step.tsx';
import { ScheduleStep } from './schedule-step.tsx';
import { Starting } from './starting.tsx';
import { asSeen, reasonOf, type StepId, type StepView, stepIds, viewsOf } from './steps.ts';
import { TargetStep } from './target-step.tsx';
import { useChecks } from './use-checks.ts';
import { useChosen } from './use-chosen.ts';
import { useEstimate } from './use-estimate.ts';
import { useStart } from './use-start.ts';
import { useTimes } from './use-times.ts';

type Targets = Output<'targets.list'>['items'];

/** Machines, a target, and sensible values for all else: mostly it is read once and started. */
export default function NewMigration({ params }: ScreenProps) {
  const targets = useRoute('targets.list');
  return (
    <>
      <PageHeader title={screenTexts.newMigration} />
      <Loaded of={targets}>
        {({ items }) => <Wizard key={params.machineIds ?? ''} first={chosenMachines(params.machineIds)} targets={items} />}
      </Loaded>
    </>
  );
}

/** Where there is most room. */
const roomiest = (targets: Targets) => targets.toSorted((a, b) => (b.freeBytes ?? -1) - (a.freeBytes ?? -1))[0];

function Wizard({ first, targets }: { first: readonly string[]; targets: Targets }) {
  const [ids, setIds] = useState(first);
  const [plan, setPlan] = useState<Plan>(() => defaultPlan(Intl.DateTimeFormat().resolvedOptions().timeZone));
  const [wanted, setStep] = useState<StepId | undefined>(first.length === 0 ? 'machines' : undefined);
  const [acceptedWarnings, setAccepted] = useState('');
  const begin = useStart((all) => {
    const [one] = all;
    if (all.some(({ step }) => step !== 'done') || !one) return;
    notifyDone(newMigrationTexts.start[one.synced ? 'doneAll' : 'createdAll'](all.length));
    go(all.length === 1 ? `/migrations/${one.migrationId}` : '/migrations', { replace: true });
  });
  const { progress } = begin;

  const chosen = useChosen(ids);
  const target = targets.find(({ id }) => id === plan.targetId) ?? roomiest(targets);
  const checks = useChecks(chosen.machines, target?.id, plan.quiesce, progress === undefined);
  const estimate = useEstimate(chosen.machines, { bandwidthLimit: bytesOf(plan.limit ?? 0) });
  const times = useTimes(plan.rhythm);
  const warnings = JSON.stringify(checks.warn.map(({ machine, items }) => [machine.id, items.map(({ text }) => text)]));
  const accepted = checks.warn.length > 0 && acceptedWarnings === warnings;
  const accept = (yes: boolean) => setAccepted(yes ? warnings : '');

  const situation = { names: chosen.machines.map(({ name }) => name), target, plan, refused: times.refused, checks, accepted, estimate };
  const reason = chosen.loaded ? reasonOf(situation) : 'checking';
  // Machines were chosen elsewhere, and a target is there: nothing is left but to look at it.
  const step = wanted ?? (target ? 'review' : 'target');
  const [seen, setSeen] = useState<ReadonlySet<StepId>>(new Set());
  if (!seen.has(step)) setSeen(new Set([...seen, step]));
  const views = asSeen(viewsOf(situation), seen);
  const change = (part: Partial<Plan>) => setPlan((before) => ({ ...before, ...part }));
  const leaveOut = (left: readonly string[]) => setIds(ids.filter((id) => !left.includes(id)));
  const content = useStepFocus(progress ? 'starting' : step, first.length === 0 ? 'machines' : undefined);

  /** Onwards, unless what was typed here is wrong: then to its field. */
  const goOn = (to: StepId) => {
    if (!((step === 'schedule' || step === 'mapping') && views[step].tone === 'bad')) return setStep(to);
    content.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  };

  if (progress) {
    return (
      <div className={classes.wizard}>
        <div className={classes.side}>
          <div className={classes.content} ref={content}>
            <Starting
              progress={progress}
              running={begin.running}
              machines={chosen.machines}
              onRetry={() => target && begin.retry(plan, target.id)}
              onBack={begin.forget}
            />
          </div>
        </div>
      </div>
    );
  }
  const free = target?.freeBytes;
  return (
    <div className={classes.wizard}>
      <StepList step={step} views={views} onStep={setStep} />
      <div className={classes.side}>
        <div className={classes.content} ref={content}>
          {step === 'machines' ? <MachinesStep ids={ids} chosen={chosen} onIds={setIds} /> : null}
          {step === 'target' ? <TargetStep targets={targets} targetId={target?.id} onTarget={(targetId) => change({ targetId })} /> : null}
          {step === 'mapping' ? <MappingStep plan={plan} onPlan={change} /> : null}
          {step === 'schedule' ? <ScheduleStep plan={plan} machines={chosen.machines.length} times={times} onPlan={change} /> : null}
          {step === 'checks' ? (
            <ChecksStep checks={checks} accepted={accepted} estimate={estimate} free={free} onAccept={accept} onLeaveOut={leaveOut} />
          ) : null}
          {step === 'review' ? (
            <ReviewStep
              plan={plan}
              views={views}
              checks={checks}
              accepted={accepted}
              estimate={estimate}
              free={free}
              onPlan={change}
              onStep={setStep}
              onAccept={accept}
              onLeaveOut={leaveOut}
            />
          ) : null}
        </div>
        <Foot
          step={step}
          count={chosen.machines.length}
          syncNow={plan.syncNow}
          ready={target !== undefined && ids.length > 0}
          reason={reason === undefined ? undefined : newMigrationTexts.review.reasons[reason]}
          onBack={setStep}
          onNext={goOn}
          onStart={() => {
            if (target && reason === undefined)
              begin.start(
                chosen.machines.map(({ id }) => id),
                plan,
                target.id,
              );
          }}
        />
      </div>
    </div>
  );
}

/** The focus goes to the title of a step that somebody opened. */
function useStepFocus(step: string, first: string | undefined) {
  const content = useRef<HTMLDivElement>(null);
  const before = useRef(first ?? step);
  useEffect(() => {
    if (before.current === step) return;
    before.current = step;
    content.current?.scrollTo?.(0, 0);
    content.current?.querySelector<HTMLElement>('[data-step-title]')?.focus({ preventScroll: true });
  }, [step]);
  return content;
}

const icons = { good: IconCircleCheck, warn: IconAlertTriangle, bad: IconX, busy: IconProgress, idle: IconCircle };

function StepList({ step, views, onStep }: { step: StepId; views: Readonly<Record<StepId, StepView>>; onStep: (step: StepId) => void }) {
  return (
    <nav className={classes.steps} aria-label={newMigrationTexts.steps.label}>
      <ol>
        {stepIds.map((id) => {
          const { tone, says } = views[id];
          const Icon = icons[tone];
          return (
            <li key={id}>
              <button type="button" className={classes.step} aria-current={id === step ? 'step' : undefined} onClick={() => onStep(id)}>
                <span className={classes.stepIcon} data-tone={tone}>
                  <Icon size={16} stroke={1.8} aria-hidden />
                </span>
                <span>
                  <span className={classes.stepName}>{newMigrationTexts.steps[id]}</span>
                  <span className={classes.stepSays}>{says}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

interface FootProps {
  step: StepId;
  count: number;
  syncNow: boolean;
  /** All that has no value of its own is there. */
  ready: boolean;
  reason: string | undefined;
  onBack: (step: StepId) => void;
  onNext: (step: StepId) => void;
  onStart: () => void;
}

function Foot({ step, count, syncNow, ready, reason, onBack, onNext, onStart }: FootProps) {
  const at = stepIds.indexOf(step);
  const before = stepIds[at - 1];
  const next = stepIds[at + 1];
  return (
    <div className={classes.foot}>
      {before ? (
        <Button variant="default" onClick={() => onBack(before)}>
          {newMigrationTexts.back}
        </Button>
      ) : null}
      <span className={classes.spread} />
      {next ? (
        <>
          {ready && next !== 'review' ? (
            <Button variant="default" onClick={() => onNext('review')}>
              {newMigrationTexts.toReview}
            </Button>
          ) : null}
          <Button disabled={(step === 'machines' && count === 0) || (step === 'target' && !ready)} onClick={() => onNext(next)}>
            {newMigrationTexts.next}
          </Button>
        </>
      ) : (
        <>
          <span className={classes.reason} role="status">
            {reason}
          </span>
          <Button disabled={reason !== undefined} leftSection={<IconPlayerPlay size={14} aria-hidden />} onClick={onStart}>
            {newMigrationTexts.review[syncNow ? 'start' : 'create'](Math.max(1, count))}
          </Button>
        </>
      )}
    </div>
  );
}
