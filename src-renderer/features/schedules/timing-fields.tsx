import { Group, NumberInput, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { scheduleFormTexts as texts } from '../../texts/schedules.ts';
import { formatMoment, ownZone } from '../../ui/format.ts';
import type { Values } from './form-values.ts';
import { most, timingOf, windowsOf } from './form-values.ts';
import { MinutesField } from './minutes-field.tsx';
import classes from './schedules.module.css';
import { cronInWords } from './timing-words.ts';
import { ZoneSelect } from './zone-select.tsx';

export type ScheduleForm = UseFormReturnType<Values>;
const own = 'own';
const presets = [...Object.entries(texts.presets).map(([value, label]) => ({ value, label })), { value: own, label: texts.ownTimes }];

/** Again and again, at set times, or once. */
export function TimingFields({ form, createdAt }: { form: ScheduleForm; createdAt: string | undefined }) {
  const { kind, type } = form.values;
  const types = kind === 'cutover' ? (['once'] as const) : (['every', 'cron', 'once'] as const);
  return (
    <Stack gap="sm">
      {types.length === 1 ? null : (
        <SegmentedControl
          aria-label={texts.when}
          data={types.map((value) => ({ value, label: texts.types[value] }))}
          {...form.getInputProps('type')}
        />
      )}
      {type === 'every' ? <EveryFields form={form} /> : null}
      {type === 'cron' ? <CronFields form={form} /> : null}
      {type === 'once' ? <OnceFields form={form} /> : <NextTimes values={form.values} createdAt={createdAt} />}
    </Stack>
  );
}

function EveryFields({ form }: { form: ScheduleForm }) {
  return (
    <Group align="flex-start" gap="sm" grow preventGrowOverflow={false}>
      <NumberInput label={texts.every} min={1} clampBehavior="none" allowDecimal={false} {...form.getInputProps('count')} />
      <Select
        label={texts.unit}
        allowDeselect={false}
        data={Object.entries(texts.units).map(([value, label]) => ({ value, label }))}
        {...form.getInputProps('unit')}
      />
      <TextInput
        type="datetime-local"
        label={texts.startAt}
        description={texts.startAtHint}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        {...form.getInputProps('startAt')}
      />
    </Group>
  );
}

function CronFields({ form }: { form: ScheduleForm }) {
  const { expression } = form.values;
  const words = cronInWords(expression);
  return (
    <>
      <Group align="flex-start" gap="sm" grow>
        <Select
          label={texts.preset}
          allowDeselect={false}
          data={presets}
          value={Object.hasOwn(texts.presets, expression) ? expression : own}
          onChange={(value) => {
            if (value !== null && value !== own) form.setFieldValue('expression', value);
          }}
        />
        <ZoneSelect label={texts.zone} {...form.getInputProps('zone')} />
      </Group>
      <TextInput
        label={texts.expression}
        description={words.includes(expression.trim()) ? texts.expressionHint : `${texts.expressionHint} ${words}.`}
        autoComplete="off"
        spellCheck={false}
        classNames={{ input: classes.mono as string }}
        {...form.getInputProps('expression')}
      />
    </>
  );
}

function OnceFields({ form }: { form: ScheduleForm }) {
  return (
    <>
      <TextInput type="datetime-local" label={texts.at} description={texts.atHint(ownZone())} {...form.getInputProps('at')} />
      {form.values.kind === 'cutover' ? (
        <MinutesField label={texts.lead} description={texts.leadHint} max={most.leadMinutes} {...form.getInputProps('leadMinutes')} />
      ) : null}
      <MinutesField label={texts.grace} description={texts.graceHint} max={most.graceMinutes} {...form.getInputProps('graceMinutes')} />
    </>
  );
}

/** The core's own reckoning, so that nobody is surprised by an expression or a change of the clocks. */
function NextTimes({ values, createdAt }: { values: Values; createdAt: string | undefined }) {
  const query = useMemo(() => {
    const timing = timingOf(values);
    const quiet = windowsOf(values).filter(({ days, from, to }) => days.length > 0 && from !== '' && to !== '');
    const windows = quiet.length === 0 ? {} : { windows: JSON.stringify(quiet) };
    if (timing.type === 'cron')
      return timing.expression === '' ? undefined : { expression: timing.expression, zone: timing.zone, ...windows };
    if (timing.type !== 'every' || timing.minutes < 1 || timing.minutes > 525_600) return undefined;
    // Counted from when it was made, also while it is changed.
    const startAt = timing.startAt ?? createdAt;
    return { minutes: timing.minutes, ...(startAt === undefined ? {} : { startAt }), ...windows };
  }, [values, createdAt]);
  const [wanted] = useDebouncedValue(query, 250);
  const times = useRoute('schedules.times', { query: wanted ?? {} }, { enabled: wanted !== undefined, keepPrevious: true });
  const zone = values.type === 'cron' ? values.zone : undefined;
  const elsewhere = zone !== undefined && zone !== ownZone() ? zone : undefined;
  return (
    <section className={classes.preview} aria-label={texts.preview} aria-live="polite">
      <Text size="xs" c="dimmed">
        {texts.preview}
      </Text>
      {times.error ? <Text c="var(--octopus-bad)">{times.error.message}</Text> : null}
      {wanted !== undefined && !times.error && times.data?.items.length === 0 ? <Text>{texts.previewNone}</Text> : null}
      {times.error || wanted === undefined ? null : (
        <ol className={`tabular ${classes.times}`}>
          {times.data?.items.map((at) => (
            <li key={at}>
              <time dateTime={at}>{formatMoment(at, elsewhere)}</time>
              {elsewhere === undefined ? null : (
                <span className={classes.quiet}>
                  {' '}
                  {formatMoment(at)} ({texts.yours})
                </span>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
