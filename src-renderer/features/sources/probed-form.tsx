import { Button, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './sources.module.css';

/** The frame of a form about a place that is tried before it is kept: its one button tests it, and adds or saves it once that went well. */
export function ProbedForm(props: {
  title: string;
  words: { test: string; keep: string; needsTest: string; testAgain?: string };
  /** What stands in the form may be kept. */
  ready: boolean;
  testing: boolean;
  saving: boolean;
  /** False where a field is wrong; it says so itself. */
  isValid: () => boolean;
  onTest: () => void;
  onKeep: () => void;
  children: ReactNode;
}) {
  const { words, ready, testing, saving } = props;
  return (
    <form
      aria-label={props.title}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!props.isValid()) return;
        if (ready) props.onKeep();
        else props.onTest();
      }}
    >
      <Stack gap="sm">{props.children}</Stack>
      <div className={classes.formEnd}>
        <span className={classes.formHint}>{ready ? null : words.needsTest}</span>
        {ready && words.testAgain !== undefined ? (
          <Button variant="default" onClick={props.onTest} disabled={testing || saving}>
            {words.testAgain}
          </Button>
        ) : null}
        <Button type="submit" loading={saving || (testing && !ready)}>
          {ready ? words.keep : words.test}
        </Button>
      </div>
    </form>
  );
}
