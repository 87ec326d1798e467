import { Button } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { useMay } from '../../stores/session.ts';
import { overviewTexts as texts } from '../../texts/overview.ts';
import { Section } from '../../ui/page-header.tsx';
import { toggled } from '../../ui/selection.ts';
import { type Status, StatusBadge, type Tone } from '../../ui/status-badge.tsx';
import { When } from '../../ui/values.tsx';
import { useContact, useSourceWork } from '../sources/contacts.ts';
import { groupsOf } from './groups.ts';
import classes from './overview.module.css';

export type Attention = Output<'overview.get'>['attention'][number];

/** Names in a line that stands for many. */
const NAMED = 3;
const looks: Record<Attention['kind'], { state: Status; tone?: Tone }> = {
  'cutover-failed': { state: 'failed' },
  mismatch: { state: 'mismatch' },
  'source-failed': { state: 'failed' },
  'target-failed': { state: 'failed' },
  'run-failed': { state: 'failed' },
  behind: { state: 'behind' },
  'task-dead': { state: 'dead', tone: 'warn' },
  'schedules-paused': { state: 'paused' },
  unscheduled: { state: 'waiting' },
};

/** What a person should look at, the most urgent first, each with what can be done about it. */
export function AttentionList({ items }: { items: readonly Attention[] }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (kind: string) => setOpened((before) => toggled(before, kind));
  return (
    <Section title={texts.attention}>
      {items.length === 0 ? (
        <div className={classes.calm}>
          <IconShieldCheck size={20} stroke={1.6} aria-hidden />
          <div>
            <strong>{texts.nothing}</strong>
            <div className={classes.quiet}>{texts.nothingHint}</div>
          </div>
        </div>
      ) : (
        <ul className={classes.list}>
          {groupsOf(items, opened).flatMap((group) => [
            ...(group.folded || opened.has(group.kind)
              ? [<Many key={group.kind} items={group.items} folded={group.folded} onToggle={() => toggle(group.kind)} />]
              : []),
            ...(group.folded ? [] : group.items.map((item) => <Item key={keyOf(item)} item={item} />)),
          ])}
        </ul>
      )}
    </Section>
  );
}

const keyOf = ({ kind, migrationId, sourceId, targetId, taskId, since }: Attention) =>
  [kind, migrationId ?? sourceId ?? targetId, taskId, since].join(' ');

/** One line for many of a kind. */
function Many({ items, folded, onToggle }: { items: readonly Attention[]; folded: boolean; onToggle: () => void }) {
  const kind = items[0]?.kind as Attention['kind'];
  const { state, tone } = looks[kind];
  const names = [...new Set(items.flatMap(({ machineName, environmentName }) => machineName ?? environmentName ?? []))];
  const told =
    names.length === 0 ? texts.someTasks(items.length) : texts.andMore(names.slice(0, NAMED).join(', '), Math.max(0, names.length - NAMED));
  return (
    <li>
      <span className={classes.kind}>
        <StatusBadge state={state} word={texts.countOf(texts.kinds[kind], items.length)} {...(tone ? { tone } : {})} />
      </span>
      <span className={classes.told}>{texts.many[kind](told)}</span>
      <Button
        variant="default"
        aria-expanded={!folded}
        aria-label={texts.actions.label(folded ? texts.show : texts.fold, texts.kinds[kind])}
        onClick={onToggle}
      >
        {folded ? texts.show : texts.fold}
      </Button>
    </li>
  );
}

function Item({ item }: { item: Attention }) {
  const { state, tone } = looks[item.kind];
  return (
    <li>
      <span className={classes.kind}>
        <StatusBadge state={state} word={item.scheduleIds ? texts.off : texts.kinds[item.kind]} {...(tone ? { tone } : {})} />
      </span>
      <span className={classes.told}>
        {item.text}{' '}
        <span className={classes.since}>
          <When at={item.since} />
        </span>
      </span>
      <Act item={item} />
    </li>
  );
}

/** Where the matter is settled, or the deed that settles it. */
function Act({ item }: { item: Attention }) {
  const operator = useMay('operator');
  const admin = useMay('admin');
  const { kind, migrationId, taskId, sourceId, scheduleIds, machineName = '' } = item;
  const name = item.environmentName ?? machineName;
  const actions = texts.actions;
  const sync = useAction('migrations.sync', { done: texts.begun(machineName) });
  const turnOn = useAction('schedules.update', { done: texts.turnedOn });
  const resume = useAction('scheduler.set', { done: texts.resumed });
  const link = (text: string, path: string) => (
    <Button component="a" variant="default" href={hrefOf(path)} aria-label={name === '' ? text : actions.label(text, name)}>
      {text}
    </Button>
  );
  if (kind === 'schedules-paused') {
    // What is to begin is looked at before it goes on.
    return (
      <span className={classes.deeds}>
        {link(texts.schedules, '/schedules')}
        {admin ? (
          <Button variant="default" loading={resume.isPending} onClick={() => resume.mutate({ body: { state: 'running' } })}>
            {actions.resume}
          </Button>
        ) : null}
      </span>
    );
  }
  if (kind === 'source-failed' && sourceId !== undefined) {
    return (
      <span className={classes.deeds}>
        {admin ? link(actions.edit, `/sources/${sourceId}`) : link(actions.source, '/sources')}
        {operator ? <ReadNow source={{ id: sourceId, name }} /> : null}
      </span>
    );
  }
  if (kind === 'target-failed') return link(actions.target, '/targets');
  if (kind === 'task-dead') {
    return taskId === undefined ? link(actions.tasks, '/schedules/tasks') : link(actions.task, `/schedules/tasks/${taskId}`);
  }
  if (migrationId === undefined) return null;
  const path = `/migrations/${migrationId}`;
  if (kind === 'mismatch') return link(actions.points, `${path}/points`);
  if ((kind === 'run-failed' || kind === 'behind' || kind === 'unscheduled') && operator) {
    const text = kind === 'run-failed' ? actions.again : actions.sync;
    return (
      <span className={classes.deeds}>
        {kind !== 'unscheduled' ? (
          link(actions.open, path)
        ) : scheduleIds === undefined ? (
          link(actions.schedule, `${path}/settings`)
        ) : (
          <Button
            variant="default"
            aria-label={actions.label(actions.turnOn(scheduleIds.length), machineName)}
            loading={turnOn.isPending}
            onClick={() => {
              for (const id of scheduleIds) turnOn.mutate({ params: { id }, body: { enabled: true } });
            }}
          >
            {actions.turnOn(scheduleIds.length)}
          </Button>
        )}
        <Button
          variant="default"
          aria-label={actions.label(text, machineName)}
          loading={sync.isPending}
          onClick={() => sync.mutate({ params: { id: migrationId }, body: {} })}
        >
          {text}
        </Button>
      </span>
    );
  }
  return link(actions.open, path);
}

function ReadNow({ source }: { source: { id: string; name: string } }) {
  const { busy } = useContact(source.id);
  const { sync } = useSourceWork();
  return (
    <Button
      variant="default"
      aria-label={texts.actions.label(texts.actions.read, source.name)}
      loading={busy === 'sync'}
      disabled={busy !== undefined}
      onClick={() => void sync(source)}
    >
      {texts.actions.read}
    </Button>
  );
}
