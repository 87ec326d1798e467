import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction, useRoute } from '../../api/queries.tsx';
import { useMay } from '../../stores/session.ts';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { targetsTexts } from '../../texts/targets.ts';
import { formatBytes } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { ProbeSteps } from '../../ui/probe-steps.tsx';
import { EmptyState, LoadingRows } from '../../ui/states.tsx';
import { TargetForm } from '../targets/target-form.tsx';
import classes from './new-migration.module.css';
import { StepTitle } from './step-title.tsx';

const texts = newMigrationTexts.target;
type Target = Output<'targets.list'>['items'][number];

interface TargetStepProps {
  targets: readonly Target[];
  targetId: string | undefined;
  onTarget: (id: string) => void;
}

/** One that is there, or a new one made on the spot. */
export function TargetStep({ targets, targetId, onTarget }: TargetStepProps) {
  const admin = useMay('admin');
  const [adding, setAdding] = useState(false);
  if (targets.length === 0) {
    return (
      <>
        <StepTitle title={texts.title} hint={texts.hint} />
        {admin ? <FirstTarget onTarget={onTarget} /> : <EmptyState title={texts.none} hint={texts.operator} />}
      </>
    );
  }
  return (
    <>
      <StepTitle title={texts.title} hint={texts.hint} />
      <div className={classes.choices} role="radiogroup" aria-label={texts.choose}>
        {targets.map(({ id, name, folder, freeBytes }) => (
          <label key={id} className={classes.choice} data-chosen={id === targetId || undefined}>
            <input type="radio" name="target" checked={id === targetId} onChange={() => onTarget(id)} />
            <span className={classes.choiceTexts}>
              <b>{name}</b>
              {name === folder ? null : <span className={classes.under}>{folder}</span>}
            </span>
            <span className="tabular">{freeBytes === undefined ? texts.unreachable : texts.free(formatBytes(freeBytes))}</span>
          </label>
        ))}
      </div>
      {!admin ? null : adding ? (
        <section className={`${classes.part} ${classes.panel}`}>
          <h3>{texts.otherTitle}</h3>
          <TargetForm
            suggested={undefined}
            onDone={({ id }) => {
              setAdding(false);
              onTarget(id);
            }}
          />
          <Button variant="subtle" color="gray" onClick={() => setAdding(false)}>
            {texts.cancel}
          </Button>
        </section>
      ) : (
        <div className={classes.part}>
          <Button variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setAdding(true)}>
            {texts.another}
          </Button>
        </div>
      )}
    </>
  );
}

/** There is none: a folder is suggested, and one press makes it the target. */
function FirstTarget({ onTarget }: { onTarget: (id: string) => void }) {
  const suggestion = useRoute('targets.suggestion');
  const [other, setOther] = useState(false);
  const probe = useAction('targets.probe');
  const create = useAction('targets.create', { onDone: ({ id }) => onTarget(id) });
  const folder = suggestion.data?.folder;
  if (suggestion.isPending) return <LoadingRows rows={3} />;
  if (folder === undefined || other) {
    return (
      <section className={classes.panel}>
        <h3>{texts.otherTitle}</h3>
        <TargetForm suggested={undefined} onDone={({ id }) => onTarget(id)} />
        {folder === undefined ? null : (
          <Button variant="subtle" color="gray" onClick={() => setOther(false)}>
            {texts.toOffered}
          </Button>
        )}
      </section>
    );
  }
  const unfit = probe.data?.ok === false;
  const { form } = targetsTexts;
  return (
    <section className={classes.panel}>
      <h3>{texts.suggestTitle}</h3>
      <div className={classes.quiet}>{texts.suggestHint}</div>
      <span className={classes.folder}>{folder}</span>
      {unfit ? (
        <>
          <Notice tone="bad" title={texts.unfit} />
          <ProbeSteps
            label={form.steps}
            steps={probe.data?.steps}
            busy={false}
            names={form.names}
            expected={probe.data?.steps.map(({ id }) => id) ?? []}
          />
        </>
      ) : null}
      <div className={classes.bar}>
        <Button
          loading={probe.isPending || create.isPending}
          onClick={() =>
            probe.mutate({ body: { folder } }, { onSuccess: ({ ok }) => (ok ? create.mutate({ body: { folder } }) : undefined) })
          }
        >
          {texts.use}
        </Button>
        <Button variant="default" disabled={probe.isPending || create.isPending} onClick={() => setOther(true)}>
          {texts.otherTitle} …
        </Button>
        <span className={classes.quiet} role="status">
          {probe.isPending ? texts.trying : ''}
        </span>
      </div>
    </section>
  );
}
