import { Button } from '@mantine/core';
import { IconFolderPlus, IconPlugConnected, IconRefresh, IconServer2 } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoute } from '../../api/queries.tsx';
import { go, hrefOf } from '../../go.ts';
import { useMay } from '../../stores/session.ts';
import { overviewTexts as texts } from '../../texts/overview.ts';
import { screenTexts } from '../../texts/screens.ts';
import { formatPercent } from '../../ui/format.ts';
import { PageHeader, Section } from '../../ui/page-header.tsx';
import { EmptyState, Loaded, LoadingRows } from '../../ui/states.tsx';
import { UsageBars } from '../../ui/usage-bars/usage-bars.tsx';
import { When } from '../../ui/values.tsx';
import { Doors } from '../first-start/doors.tsx';
import { AttentionList } from './attention.tsx';
import { Counts } from './counts.tsx';
import { type Beginning, beginningOf } from './next-step.ts';
import classes from './overview.module.css';
import { Running } from './running.tsx';

type Facts = Output<'overview.get'>;

/** Its counts depend on the time: what is behind becomes so without an event. */
const LOOK_AGAIN_MS = 60_000;

export default function Overview() {
  const overview = useRoute('overview.get', {}, { every: LOOK_AGAIN_MS });
  return (
    <>
      <PageHeader title={screenTexts.overview} />
      <Loaded of={overview}>{(facts) => (facts.counts.migrations > 0 ? <Facts facts={facts} /> : <Begin facts={facts} />)}</Loaded>
    </>
  );
}

function Facts({ facts }: { facts: Facts }) {
  return (
    <>
      <Counts counts={facts.counts} />
      <div className={classes.columns}>
        <div>
          <AttentionList items={facts.attention} />
          <Running count={facts.counts.running} />
        </div>
        <div className={classes.aside}>
          <Usage moved={facts.moved} />
          <Next title={texts.nextCutovers} none={texts.noCutovers} items={facts.nextCutovers} />
          <Next title={texts.nextRuns} none={texts.noRuns} items={facts.nextRuns} />
        </div>
      </div>
    </>
  );
}

function Usage({ moved }: { moved: Facts['moved'] }) {
  const days = useMemo(
    () => moved.days.map(({ day, sent, zero, unchanged }) => ({ day, moved: sent, saved: zero + unchanged })),
    [moved.days],
  );
  const failed = moved.days.reduce((sum, day) => sum + day.failed, 0);
  const saved = moved.zero + moved.unchanged;
  return (
    <Section title={texts.usage}>
      <UsageBars days={days} />
      <p className={`tabular ${classes.usage}`}>
        {texts.runs(moved.runs, failed)}. {moved.read > 0 ? texts.notSent(formatPercent(saved / moved.read)) : null}
      </p>
    </Section>
  );
}

function Next({ title, none, items }: { title: string; none: string; items: Facts['nextRuns'] }) {
  return (
    <Section title={title}>
      {items.length === 0 ? (
        <p className={classes.usage}>{none}</p>
      ) : (
        <ul className={classes.next}>
          {items.map(({ scheduleId, migrationId, machineName, at }) => (
            <li key={scheduleId}>
              <a href={hrefOf(`/migrations/${migrationId}`)}>{machineName}</a>
              <When at={at} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** No migration is there to be looked at: the next step, and what stands in its way. */
function Begin({ facts: { counts, attention } }: { facts: Facts }) {
  const sources = useRoute('sources.list');
  const targets = useRoute('targets.list');
  if (sources.data === undefined || targets.data === undefined) {
    const of = sources.data === undefined ? sources : targets;
    return <Loaded of={of as typeof sources}>{() => <LoadingRows />}</Loaded>;
  }
  const step = beginningOf({
    sources: sources.data.items.length,
    machines: counts.machines,
    targets: targets.data.items.length,
    migrations: counts.migrations,
  });
  return (
    <>
      {attention.length === 0 ? null : <AttentionList items={attention} />}
      {step === undefined ? null : <Step step={step} machines={counts.machines} waiting={counts.unprotected} />}
    </>
  );
}

/** `waiting`: without a migration of anybody. */
function Step({ step, machines, waiting }: { step: Beginning; machines: number; waiting: number }) {
  const admin = useMay('admin');
  const operator = useMay('operator');
  const { begin } = texts;
  const link = (text: string, path: string) => (
    <Button component="a" href={hrefOf(path)}>
      {text}
    </Button>
  );
  if (step === 'source') {
    return (
      <div className={classes.begin}>
        <EmptyState icon={IconPlugConnected} title={begin.noSource} hint={admin ? begin.noSourceHint : begin.noSourceViewer} />
        {admin ? <Doors onEnter={go} /> : null}
      </div>
    );
  }
  if (step === 'read') return <EmptyState icon={IconRefresh} title={begin.unread} actions={link(begin.toSources, '/sources')} />;
  if (step === 'target') {
    return (
      <EmptyState
        icon={IconFolderPlus}
        title={begin.noTarget}
        hint={admin ? begin.noTargetHint(machines) : begin.noTargetViewer}
        actions={admin ? link(begin.addTarget, '/targets/new') : undefined}
      />
    );
  }
  return (
    <EmptyState
      icon={IconServer2}
      title={operator ? begin.noMigration : begin.noShare}
      hint={operator ? begin.noMigrationHint(waiting, machines) : begin.noMigrationViewer}
      actions={operator ? link(begin.choose, '/machines') : undefined}
    />
  );
}
