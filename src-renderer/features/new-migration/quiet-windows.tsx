import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { Days } from './days.tsx';
import classes from './new-migration.module.css';
import type { QuietWindow } from './plan.ts';

const texts = newMigrationTexts.schedule;
/** As the contract allows. */
const MOST = 20;

interface QuietWindowsProps {
  windows: readonly QuietWindow[];
  zone: string;
  problem: boolean;
  onChange: (windows: readonly QuietWindow[]) => void;
}

/** Hours in which nothing is begun. */
export function QuietWindows({ windows, zone, problem, onChange }: QuietWindowsProps) {
  const set = (at: number, change: Partial<QuietWindow>) =>
    onChange(windows.map((window, index) => (index === at ? { ...window, ...change } : window)));
  return (
    <section className={classes.part}>
      <h3>{texts.windows}</h3>
      <div className={classes.quiet}>{windows.length === 0 ? texts.noWindows : texts.windowsHint}</div>
      {windows.map((window, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else
        <fieldset key={index} className={classes.window} aria-label={texts.window(index + 1)}>
          <Days label={texts.days} days={window.days} onChange={(days) => set(index, { days })} />
          <TextInput
            type="time"
            label={texts.from}
            className={classes.time}
            value={window.from}
            onChange={(event) => set(index, { from: event.currentTarget.value })}
          />
          <TextInput
            type="time"
            label={texts.to}
            className={classes.time}
            value={window.to}
            onChange={(event) => set(index, { to: event.currentTarget.value })}
          />
          <span className={classes.quiet}>{window.zone}</span>
          <ActionIcon aria-label={texts.removeWindow} onClick={() => onChange(windows.filter((_, other) => other !== index))}>
            <IconX size={14} />
          </ActionIcon>
        </fieldset>
      ))}
      {problem ? <div className={classes.problem}>{texts.problems.windows}</div> : null}
      <Button
        mt={8}
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        disabled={windows.length >= MOST}
        onClick={() => onChange([...windows, { zone, days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }])}
      >
        {texts.addWindow}
      </Button>
    </section>
  );
}
