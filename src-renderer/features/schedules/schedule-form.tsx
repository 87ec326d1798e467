import { Anchor, Button, Group, Select, Stack, Switch, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { useAction, useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { useMay } from '../../stores/session.ts';
import { schedulesTexts, scheduleFormTexts as texts } from '../../texts/schedules.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { fieldErrors } from '../../ui/field-errors.ts';
import { NumberField } from '../../ui/number-field.tsx';
import { bodyOf, changesOf, fieldNames, isOfMigration, most, newValues, problemsOf, type Values, valuesOf } from './form-values.ts';
import { MinutesField } from './minutes-field.tsx';
import classes from './schedules.module.css';
import { type ScheduleForm as Form, TimingFields } from './timing-fields.tsx';
import { type Schedule, timingInWords } from './timing-words.ts';
import { WindowFields } from './window-fields.tsx';

const forMigrations = ['run', 'cutover', 'verify'] as const;
const forAll = [...forMigrations, 'inventory', 'retention'] as const;

/** Adds a schedule, or changes one. */
export function ScheduleForm({ schedule, migrationId, onDone }: { schedule?: Schedule; migrationId?: string; onDone: () => void }) {
  const form = useForm<Values>({
    initialValues: schedule ? valuesOf(schedule) : newValues('run', migrationId ?? null),
    validate: (values) => problemsOf(values, Date.now()),
  });
  const handles = fieldErrors(form as never, fieldNames);
  const create = useAction('schedules.create', { done: texts.created, handles, onDone });
  const update = useAction('schedules.update', { done: texts.saved, handles, onDone });
  return (
    <form
      onSubmit={form.onSubmit((values) => {
        if (schedule) update.mutate({ params: { id: schedule.id }, body: changesOf(values) });
        else create.mutate({ body: bodyOf(values) });
      })}
    >
      <Stack gap="md">
        {schedule ? <Fixed schedule={schedule} /> : <AboutFields form={form} />}
        <TimingFields form={form} createdAt={schedule?.createdAt} />
        <WindowFields form={form} />
        <MinutesField
          label={texts.jitter}
          description={texts.jitterHint}
          max={most.jitterMinutes}
          {...form.getInputProps('jitterMinutes')}
        />
        <NumberField
          label={texts.priority}
          description={texts.priorityHint}
          min={0}
          max={most.priority}
          optional
          {...form.getInputProps('priority')}
        />
        {form.values.kind === 'cutover' ? (
          <Switch label={texts.leftOut} description={texts.leftOutHint} {...form.getInputProps('acceptsLeftOut', { type: 'checkbox' })} />
        ) : null}
        <Switch label={texts.enabled} description={texts.enabledHint} {...form.getInputProps('enabled', { type: 'checkbox' })} />
        <Group justify="space-between" className={classes.formEnd as string}>
          {schedule ? <Remove schedule={schedule} onDone={onDone} /> : <span />}
          <Button type="submit" loading={create.isPending || update.isPending}>
            {schedule ? texts.save : texts.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Fixed({ schedule }: { schedule: Schedule }) {
  const { kind, migrationId } = schedule;
  return (
    <div>
      <Text>{schedulesTexts.kindHints[kind]}</Text>
      <Text size="xs" c="dimmed">
        {texts.fixed}
      </Text>
      {migrationId === undefined ? null : (
        <Anchor href={hrefOf(`/migrations/${migrationId}`)} size="sm">
          {texts.openMigration}
        </Anchor>
      )}
    </div>
  );
}

function AboutFields({ form }: { form: Form }) {
  const admin = useMay('admin');
  const kinds = admin ? forAll : forMigrations;
  const { kind } = form.values;
  return (
    <>
      <Select
        label={texts.what}
        description={schedulesTexts.kindHints[kind]}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        allowDeselect={false}
        data-autofocus
        data={kinds.map((value) => ({ value, label: schedulesTexts.kinds[value] }))}
        {...form.getInputProps('kind')}
        onChange={(value) => {
          form.setFieldValue('kind', value as Values['kind']);
          if (value === 'cutover') form.setFieldValue('type', 'once');
          else if (form.values.kind === 'cutover') form.setFieldValue('type', 'every');
        }}
      />
      {isOfMigration(kind) ? <MigrationSelect form={form} /> : null}
      {kind === 'inventory' ? <SourceSelect form={form} /> : null}
    </>
  );
}

/** Asks the core while one types: there may be thousands. */
function MigrationSelect({ form }: { form: Form }) {
  const [search, setSearch] = useState('');
  const [text] = useDebouncedValue(search.trim(), 150);
  const found = useRoute(
    'migrations.list',
    { query: { limit: 50, state: 'active', ...(text === '' ? {} : { text }) } },
    { keepPrevious: true },
  );
  const [chosen, setChosen] = useState<{ value: string; label: string }>();
  const data = useMemo(() => {
    const items = (found.data?.items ?? []).map(({ id, machineName }) => ({ value: id, label: machineName }));
    // What is chosen stays, also where it does not fit what is typed next.
    return chosen && !items.some(({ value }) => value === chosen.value) ? [chosen, ...items] : items;
  }, [found.data, chosen]);
  return (
    <Select
      label={texts.migration}
      description={texts.migrationHint}
      searchable
      data={data}
      filter={({ options }) => options}
      onSearchChange={setSearch}
      {...form.getInputProps('migrationId')}
      onChange={(value, option) => {
        form.setFieldValue('migrationId', value);
        setChosen(option ? { value: option.value, label: option.label } : undefined);
        // The field shows the name now: nothing to search for.
        setSearch('');
      }}
    />
  );
}

function SourceSelect({ form }: { form: Form }) {
  const sources = useRoute('sources.list').data?.items ?? [];
  return (
    <Select label={texts.source} data={sources.map(({ id, name }) => ({ value: id, label: name }))} {...form.getInputProps('sourceId')} />
  );
}

function Remove({ schedule, onDone }: { schedule: Schedule; onDone: () => void }) {
  const [opened, setOpened] = useState(false);
  const remove = useAction('schedules.remove', { done: texts.removed, onDone });
  const what = [schedulesTexts.kinds[schedule.kind], schedule.machineName].filter(Boolean).join(' ');
  return (
    <>
      <Button variant="default" c="var(--octopus-bad)" onClick={() => setOpened(true)}>
        {texts.remove}
      </Button>
      <ConfirmAction
        opened={opened}
        onClose={() => setOpened(false)}
        title={texts.removeTitle}
        action={texts.removeAction}
        danger
        onConfirm={() => remove.mutateAsync({ params: { id: schedule.id } })}
      >
        {texts.removeHint(what, timingInWords(schedule.timing))}
      </ConfirmAction>
    </>
  );
}
