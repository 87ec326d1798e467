import { NumberInput, Radio, Select, Stack, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { formatTime } from '../../ui/format.ts';
import { NumberField } from '../../ui/number-field.tsx';
import { Days } from './days.tsx';
import classes from './new-migration.module.css';
import { KEEP, type Plan, type Rhythm, rhythmProblem } from './plan.ts';
import { QuietWindows } from './quiet-windows.tsx';
import { StepTitle } from './step-title.tsx';
import type { Times } from './use-times.ts';

const texts = newMigrationTexts.schedule;

interface ScheduleStepProps {
  plan: Plan;
  machines: number;
  times: Times;
  onPlan: (change: Partial<Plan>) => void;
}

/** When runs begin, when not, and how many recovery points stay. */
export function ScheduleStep({ plan, machines, times, onPlan }: ScheduleStepProps) {
  const { rhythm } = plan;
  const change = (part: Partial<Rhythm>) => onPlan({ rhythm: { ...rhythm, ...part } });
  const problem = rhythmProblem(rhythm);
  return (
    <>
      <StepTitle title={texts.title} hint={texts.hint} />
      <Radio.Group label={texts.mode} value={rhythm.mode} onChange={(mode) => change({ mode: mode as Rhythm['mode'] })}>
        <Stack gap={6} mt={6}>
          {(['every', 'at', 'cron', 'none'] as const).map((mode) => (
            <Radio key={mode} value={mode} label={texts.modes[mode]} />
          ))}
        </Stack>
      </Radio.Group>
      <div className={`${classes.part} ${classes.fields}`}>
        <RhythmFields rhythm={rhythm} problem={problem} refused={times.expression} onChange={change} />
      </div>
      <NextTimes times={times} />
      {rhythm.mode !== 'none' && machines > 1 ? <p className={classes.hint}>{texts.spread}</p> : null}
      {rhythm.mode === 'none' ? null : (
        <QuietWindows
          windows={rhythm.windows}
          zone={rhythm.zone}
          problem={problem === 'windows'}
          onChange={(windows) => change({ windows })}
        />
      )}
      <section className={classes.part}>
        <h3>{texts.retention}</h3>
        <NumberField
          label={texts.keep}
          description={texts.keepHint}
          placeholder={texts.keepUsual}
          w={260}
          {...KEEP}
          optional
          allowDecimal={false}
          value={plan.keep ?? ''}
          onChange={(keep) => onPlan({ keep: typeof keep === 'number' ? keep : undefined })}
        />
      </section>
    </>
  );
}

interface FieldsProps {
  rhythm: Rhythm;
  problem: ReturnType<typeof rhythmProblem>;
  /** What Octopus says against the expression. */
  refused: string | undefined;
  onChange: (part: Partial<Rhythm>) => void;
}

function RhythmFields({ rhythm, problem, refused, onChange }: FieldsProps) {
  const zones = useMemo(() => [...new Set([rhythm.zone, 'UTC', ...Intl.supportedValuesOf('timeZone')])], [rhythm.zone]);
  const zone = (
    <Select
      label={texts.zone}
      data={zones}
      value={rhythm.zone}
      onChange={(value) => value && onChange({ zone: value })}
      searchable
      limit={60}
      w={220}
      allowDeselect={false}
      comboboxProps={{ shadow: 'none' }}
    />
  );
  if (rhythm.mode === 'every') {
    return (
      <>
        <NumberInput
          label={texts.every}
          w={110}
          min={1}
          clampBehavior="none"
          allowDecimal={false}
          value={Number.isNaN(rhythm.count) ? '' : rhythm.count}
          onChange={(value) => onChange({ count: typeof value === 'number' ? value : Number.NaN })}
          error={problem === 'count' ? texts.problems.count : undefined}
        />
        <Select
          label={texts.unit}
          w={130}
          data={(['minutes', 'hours', 'days'] as const).map((value) => ({ value, label: texts.units[value] }))}
          value={rhythm.unit}
          allowDeselect={false}
          onChange={(unit) => unit && onChange({ unit: unit as Rhythm['unit'] })}
          comboboxProps={{ shadow: 'none' }}
        />
      </>
    );
  }
  if (rhythm.mode === 'at') {
    return (
      <>
        <TextInput
          type="time"
          label={texts.time}
          className={classes.time}
          value={rhythm.time}
          onChange={(event) => onChange({ time: event.currentTarget.value })}
          error={problem === 'time' ? texts.problems.time : undefined}
        />
        {zone}
        <Days label={texts.days} days={rhythm.days} onChange={(days) => onChange({ days })} problem={problem === 'days'} />
      </>
    );
  }
  if (rhythm.mode === 'cron') {
    return (
      <>
        <TextInput
          label={texts.expression}
          description={texts.expressionHint}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          w={300}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          value={rhythm.expression}
          onChange={(event) => onChange({ expression: event.currentTarget.value })}
          error={problem === 'expression' ? texts.problems.expression : refused}
        />
        {zone}
      </>
    );
  }
  return <span className={classes.quiet}>{texts.none}</span>;
}

function NextTimes({ times }: { times: Times }) {
  const { asked, items, error, expression } = times;
  if (!asked || expression !== undefined) return null;
  if (error) return <div className={classes.problem}>{error.message}</div>;
  return (
    <p className={`${classes.next} tabular`}>
      {texts.next} {items?.map((at) => formatTime(at)).join(' · ') ?? '…'}
    </p>
  );
}
