import { Button, Checkbox, Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useAction, useRoute } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';
import { uiTexts } from '../../texts/ui.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { formatDuration } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { type CheckId, Checks, useChecks } from './checks.tsx';
import { rangeText } from './forecast-section.tsx';
import classes from './migration.module.css';
import type { Migration } from './next-step.ts';

const texts = migrationTexts.cutover;
const MINUTE = 60_000;

interface DialogProps {
  migration: Migration;
  opened: boolean;
  onClose: () => void;
}

export function CutoverDialog({ migration, opened, onClose }: DialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={texts.title(migration.machineName)} size={620}>
      <Form migration={migration} onClose={onClose} />
    </Modal>
  );
}

/** What it will do, with which options, what speaks against it, and the button. */
function Form({ migration, onClose }: Omit<DialogProps, 'opened'>) {
  const form = useForm({
    initialValues: {
      preSync: true,
      shutdown: 5 as number | string,
      bootCheck: false,
      expect: '',
      bootTimeout: 5 as number | string,
    },
    validate: {
      shutdown: (value) => (Number(value) > 0 ? null : texts.needed),
      expect: (value, { bootCheck }) => (bootCheck && value.trim() === '' ? texts.needed : null),
      bootTimeout: (value, { bootCheck }) => (bootCheck && !(Number(value) > 0) ? texts.needed : null),
    },
  });
  const { preSync, bootCheck } = form.values;
  const checks = useChecks(migration, { checksBoot: bootCheck });
  const [accepted, setAccepted] = useState<CheckId[]>([]);
  const [missing, setMissing] = useState(false);
  const forecast = useRoute('migrations.forecast', { params: { id: migration.id } });
  const downtime = forecast.data?.downtimeMs;
  const ofFields = fieldErrors(form, { shutdownDeadlineMs: 'shutdown', expectConsole: 'expect', bootTimeoutMs: 'bootTimeout' });
  const cutover = useAction('migrations.cutover', {
    done: migrationTexts.done.cutover,
    handles: (error) => {
      if (error.field !== 'accept') return ofFields(error);
      // Something else speaks against it since it was looked at.
      setMissing(true);
      void checks.answer.refetch();
      return false;
    },
    onDone: onClose,
  });
  const steps = [
    ...(preSync ? [texts.steps.preSync] : []),
    ...(preSync && bootCheck ? [texts.steps.bootBefore] : []),
    texts.steps.powerOff(formatDuration(Number(form.values.shutdown) * MINUTE)),
    texts.steps.final,
    ...(bootCheck ? [texts.steps.boot] : []),
    texts.steps.start,
  ];
  return (
    <form
      onSubmit={form.onSubmit((values, event) => {
        if (checks.against.some((kind) => !accepted.includes(kind))) {
          setMissing(true);
          (event?.currentTarget as HTMLElement | undefined)?.querySelector<HTMLElement>('[data-accepts]:not(:checked)')?.focus();
          return;
        }
        cutover.mutate({
          params: { id: migration.id },
          body: {
            preSync: values.preSync,
            shutdownDeadlineMs: Math.round(Number(values.shutdown) * MINUTE),
            ...(values.bootCheck
              ? { expectConsole: values.expect.trim(), bootTimeoutMs: Math.round(Number(values.bootTimeout) * MINUTE) }
              : {}),
            ...(checks.against.length > 0 ? { accept: checks.against } : {}),
          },
        });
      })}
    >
      <Stack gap="md">
        <div>
          <h3 className={classes.subhead}>{texts.will}</h3>
          <ol className={classes.steps}>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          <p className={classes.small}>{texts.undo}</p>
          {downtime ? (
            <p className={classes.quiet}>
              {texts.downtime}: <strong className="tabular">{formatDuration(downtime.likely)}</strong>{' '}
              <span className="tabular">{rangeText(downtime)}</span>
              {bootCheck ? <span className={classes.small}> {texts.bootOnTop}</span> : null}
            </p>
          ) : null}
        </div>
        {migration.newestPoint ? null : (
          <Notice tone="warn" title={texts.noPoint}>
            {texts.noPointHint}
          </Notice>
        )}
        <div>
          <h3 className={classes.subhead}>{texts.options}</h3>
          <Stack gap="sm">
            <Checkbox label={texts.preSync} {...form.getInputProps('preSync', { type: 'checkbox' })} />
            <NumberInput label={texts.shutdown} min={0.1} max={60} decimalScale={1} w={200} {...form.getInputProps('shutdown')} />
            <Checkbox label={texts.bootCheck} description={texts.bootHint} {...form.getInputProps('bootCheck', { type: 'checkbox' })} />
            {bootCheck ? (
              <Group gap="sm" align="flex-start" grow preventGrowOverflow={false}>
                <TextInput label={texts.expect} maxLength={500} placeholder="login:" {...form.getInputProps('expect')} />
                <NumberInput label={texts.bootTimeout} min={0.1} max={60} decimalScale={1} {...form.getInputProps('bootTimeout')} />
              </Group>
            ) : null}
          </Stack>
        </div>
        <fieldset className={classes.group}>
          <legend className={classes.subhead}>{texts.checks}</legend>
          <Checks {...checks} acceptance={{ accepted, onChange: setAccepted, missing }} />
        </fieldset>
        <Group justify="flex-end" gap="xs" className={classes.dialogEnd as string}>
          <Button variant="default" onClick={onClose}>
            {uiTexts.cancel}
          </Button>
          <Button
            type="submit"
            loading={cutover.isPending}
            // What speaks against it is read first.
            disabled={checks.items === undefined && checks.answer.error === null}
            color={checks.failed ? 'red.9' : 'teal'}
          >
            {checks.failed ? texts.inSpite : texts.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
