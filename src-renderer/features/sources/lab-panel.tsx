import { Box, Button, Select, Text } from '@mantine/core';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction } from '../../api/queries.tsx';
import { useMay } from '../../stores/session.ts';
import { labTexts as texts } from '../../texts/sources.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { formatNumber } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { NumberField } from '../../ui/number-field.tsx';
import { Section } from '../../ui/page-header.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import classes from './sources.module.css';

/** Starts and ends the simulated vCenter. */
export function LabPanel({ lab }: { lab: Output<'lab.get'> }) {
  const admin = useMay('admin');
  const [generated, setGenerated] = useState(lab.last?.machines !== undefined);
  const [machines, setMachines] = useState<number | string>(lab.last?.machines ?? 10);
  const [stopping, setStopping] = useState(false);
  const start = useAction('lab.start', { done: (started) => texts.started(formatNumber(started.machines)) });
  const stop = useAction('lab.stop', { done: texts.stopped });
  const count = Number(machines);
  const valid = !generated || (Number.isInteger(count) && count >= 1 && count <= 5000);
  // The same seed as before: without it another lab would be there.
  const body = { ...(generated ? { machines: count } : {}), ...(lab.last ? { seed: lab.last.seed } : {}) };
  return (
    <Section title={texts.title} hint={texts.hint} panel>
      <form
        className={classes.lab}
        aria-label={texts.title}
        onSubmit={(event) => {
          event.preventDefault();
          if (valid && !lab.running) start.mutate({ body });
        }}
      >
        <div className={classes.labState} role="status">
          {lab.running ? (
            <StatusBadge state="on" word={texts.running(formatNumber(lab.machines))} />
          ) : (
            <StatusBadge state="off" word={start.isPending ? texts.starting : texts.off} />
          )}
        </div>
        {!admin ? null : lab.running ? (
          <Button variant="default" onClick={() => setStopping(true)}>
            {texts.stop}
          </Button>
        ) : (
          <>
            <Select
              label={texts.kind}
              allowDeselect={false}
              data={[
                { value: 'samples', label: texts.samples },
                { value: 'generated', label: texts.generated },
              ]}
              value={generated ? 'generated' : 'samples'}
              onChange={(value) => setGenerated(value === 'generated')}
              w={200}
              disabled={start.isPending}
            />
            {generated ? (
              <NumberField
                label={texts.machines}
                value={machines}
                onChange={setMachines}
                min={1}
                max={5000}
                allowDecimal={false}
                w={110}
                disabled={start.isPending}
              />
            ) : null}
            <Button type="submit" variant="default" loading={start.isPending} disabled={!valid}>
              {texts.start}
            </Button>
          </>
        )}
      </form>
      {admin && !lab.running && generated && (
        <Text mt={8} size="sm" c="dimmed">
          {texts.generatedHint}
        </Text>
      )}
      {lab.running && lab.trouble && (
        <Box mt={12}>
          <Notice tone="warn">{texts.trouble[lab.trouble]}</Notice>
        </Box>
      )}
      <ConfirmAction
        opened={stopping}
        onClose={() => setStopping(false)}
        title={texts.stopTitle}
        action={texts.stop}
        onConfirm={() => stop.mutateAsync({})}
      >
        {texts.stopText}
      </ConfirmAction>
    </Section>
  );
}
