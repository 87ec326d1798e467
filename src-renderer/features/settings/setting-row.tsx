import { Button, Group, NumberInput, Select, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from 'react';
import { useAction } from '../../api/queries.tsx';
import { settingsTexts as texts } from '../../texts/settings.ts';
import { RateInput } from '../../ui/rate-input.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { isRate, labelOf, limitsOf, parseValue, rangeInWords, type Setting, typedOf, type Value, valueInWords } from './setting-value.ts';
import classes from './settings.module.css';

function useSave(setting: Setting, onProblem: (problem: string | undefined) => void) {
  const label = labelOf(setting);
  const set = useAction('settings.set', {
    done: (after) => (after.restartPending ? texts.savedRestart(label) : texts.saved(label)),
    handles: (error) => {
      if (error.code !== 'argument.invalid') return false;
      onProblem(error.message);
      return true;
    },
    onDone: () => onProblem(undefined),
  });
  const reset = useAction('settings.reset', { done: texts.resetDone(label), onDone: () => onProblem(undefined) });
  const params = { name: setting.name };
  return {
    busy: set.isPending || reset.isPending,
    save: (value: Value) => set.mutate({ params, body: { value } }),
    reset: () => reset.mutate({ params }),
  };
}

/** One setting: what it is, its value to be changed in place, and its default. */
export function SettingRow({ setting }: { setting: Setting }) {
  const [problem, setProblem] = useState<string>();
  const { busy, save, reset } = useSave(setting, setProblem);
  const id = useId();
  const label = labelOf(setting);
  const off = !setting.writable || busy;
  const limits = limitsOf(setting);
  return (
    <div className={classes.row}>
      <div className={classes.texts}>
        <label htmlFor={id} className={classes.label}>
          {label}
        </label>
        <div className={classes.description}>{setting.description}</div>
        <div className={classes.facts}>
          {limits ? <span className="tabular">{texts.range(limits.least, limits.most)}</span> : null}
          {setting.source === 'environment' ? <span>{texts.environment(setting.variable)}</span> : null}
          {setting.source === 'stored' ? (
            <>
              <span className="tabular">{texts.default(valueInWords(setting, setting.default))}</span>
              <Button variant="subtle" size="compact-xs" disabled={busy} aria-label={texts.resetOf(label)} onClick={reset}>
                {texts.reset}
              </Button>
            </>
          ) : null}
          {setting.restartPending ? (
            <StatusBadge state="warning" word={texts.restartPending} />
          ) : setting.effect === 'restart' ? (
            <span>{texts.restart}.</span>
          ) : null}
        </div>
        {setting.problem === undefined ? null : <StatusBadge state="warning" word={`${texts.problem}: ${setting.problem}`} />}
      </div>
      <div className={classes.control}>
        <Control id={id} setting={setting} off={off} problem={problem} onProblem={setProblem} onSave={save} />
      </div>
    </div>
  );
}

interface ControlProps {
  id: string;
  setting: Setting;
  off: boolean;
  problem: string | undefined;
  onProblem: (problem: string | undefined) => void;
  onSave: (value: Value) => void;
}

function Control(props: ControlProps) {
  const { id, setting, off, problem, onSave } = props;
  const { type, value } = setting;
  if (type === 'boolean') {
    return (
      <Switch id={id} checked={value === true} disabled={off} error={problem} onChange={(event) => onSave(event.currentTarget.checked)} />
    );
  }
  if (type === 'choice') {
    return (
      <Select
        id={id}
        allowDeselect={false}
        disabled={off}
        error={problem}
        data={(setting.choices ?? []).map((choice) => ({ value: choice, label: texts.choices[choice] ?? choice }))}
        value={String(value)}
        onChange={(choice) => {
          if (choice !== null && choice !== value) onSave(choice);
        }}
      />
    );
  }
  return <TypedControl {...props} />;
}

/** What is typed is saved by its button or Enter, and taken back by Escape. */
function TypedControl({ id, setting, off, problem, onProblem, onSave }: ControlProps) {
  const { type, value } = setting;
  const rate = isRate(setting);
  const stored = typedOf(setting, value);
  const [typed, setTyped] = useState<string | number>(stored);
  // Also what others changed meanwhile.
  useEffect(() => setTyped(stored), [stored]);
  const changed = String(typed) !== String(stored);
  const type_ = (next: string | number) => {
    onProblem(undefined);
    setTyped(next);
  };
  const save = () => {
    const parsed = parseValue(setting, typed);
    if ('problem' in parsed) onProblem(parsed.problem);
    else onSave(parsed.value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && changed) {
      event.stopPropagation();
      type_(stored);
    } else if (event.key === 'Enter' && changed && (type !== 'lines' || event.ctrlKey)) {
      event.preventDefault();
      save();
    }
  };
  const common = { id, disabled: off, error: problem, onKeyDown, autoComplete: 'off' } as const;
  let field: ReactNode;
  if (rate) {
    field = <RateInput {...common} value={typed} onChange={type_} clampBehavior="none" placeholder={texts.noLimit} maw={140} />;
  } else if (type === 'integer') {
    field = (
      <NumberInput
        {...common}
        value={typed}
        onChange={type_}
        allowDecimal={false}
        clampBehavior="none"
        hideControls
        className={classes.number as string}
      />
    );
  } else if (type === 'lines') {
    field = (
      <Textarea
        {...common}
        value={typed}
        onChange={(event) => type_(event.currentTarget.value)}
        autosize
        minRows={1}
        maxRows={8}
        spellCheck={false}
      />
    );
  } else {
    field = <TextInput {...common} value={typed} onChange={(event) => type_(event.currentTarget.value)} spellCheck={false} />;
  }
  const label = labelOf(setting);
  return (
    <>
      {type === 'integer' && !rate ? (
        <Group gap={8} wrap="nowrap" align="center">
          {field}
          <Text size="sm" c="dimmed">
            {setting.unit}
          </Text>
        </Group>
      ) : (
        field
      )}
      {changed && problem === undefined && type !== 'integer' ? (
        <Text size="xs" c="dimmed" mt={2}>
          {texts.mustBe(rangeInWords(setting))}
        </Text>
      ) : null}
      {changed ? (
        <Group gap={6} mt={6}>
          <Button size="compact-xs" disabled={off} aria-label={texts.saveOf(label)} onClick={save}>
            {texts.save}
          </Button>
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => type_(stored)}>
            {texts.revert}
          </Button>
        </Group>
      ) : null}
    </>
  );
}
