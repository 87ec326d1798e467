import { Button, Checkbox, Loader } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { EstimateFacts } from './estimate-facts.tsx';
import classes from './new-migration.module.css';
import { StepTitle } from './step-title.tsx';
import type { Checked, CheckItem, Checks } from './use-checks.ts';
import type { Estimated } from './use-estimate.ts';

const texts = newMigrationTexts.checks;
/** More of one group are told by their number. */
const MOST_SHOWN = 100;
const states = { pass: 'ok', warn: 'warning', fail: 'blocked' } as const;

interface ChecksStepProps {
  checks: Checks;
  accepted: boolean;
  estimate: Estimated;
  free: number | undefined;
  onAccept: (accepted: boolean) => void;
  onLeaveOut: (ids: readonly string[]) => void;
}

/** What stands in the way, machine by machine, with what to do about it; then what the first runs will take. */
export function ChecksStep(props: ChecksStepProps) {
  const { checks } = props;
  const [shown, setShown] = useState(checks.all.length === 1);
  const { fail, warn, pass, pending } = checks;
  return (
    <>
      <StepTitle title={texts.title} hint={checks.asked ? texts.hint : texts.needTarget} />
      {checks.asked ? (
        <div className={classes.bar}>
          <span role="status" className={classes.line}>
            {pending.length > 0 ? (
              <>
                <Loader size={14} /> {texts.running(checks.all.length - pending.length, checks.all.length)}
              </>
            ) : fail.length + warn.length === 0 ? (
              <StatusBadge state="ok" word={texts.passed(pass.length)} />
            ) : null}
          </span>
          <span className={classes.spread} />
          <Button
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            disabled={pending.length > 0}
            onClick={checks.refetch}
          >
            {texts.again}
          </Button>
        </div>
      ) : null}
      <Group machines={fail} title={texts.groups.fail(fail.length)}>
        {checks.all.length > fail.length ? (
          <Button mt={8} variant="default" onClick={() => props.onLeaveOut(fail.map(({ machine }) => machine.id))}>
            {texts.leaveOut(fail.length)}
          </Button>
        ) : null}
      </Group>
      <Group machines={warn} title={texts.groups.warn(warn.length)}>
        {pending.length === 0 ? <AcceptWarnings checks={checks} accepted={props.accepted} onAccept={props.onAccept} /> : null}
      </Group>
      {pass.length === 0 ? null : (
        <Group machines={shown ? pass : []} title={texts.groups.pass(pass.length)} always all>
          <Button variant="subtle" mt={4} onClick={() => setShown(!shown)} aria-expanded={shown}>
            {shown ? texts.hidePassed : texts.showPassed}
          </Button>
        </Group>
      )}
      <EstimateFacts estimate={props.estimate} free={props.free} />
    </>
  );
}

/** Warnings are accepted by a person, all of them at once. */
export function AcceptWarnings({ checks, accepted, onAccept }: Pick<ChecksStepProps, 'checks' | 'accepted' | 'onAccept'>) {
  return (
    <Checkbox
      mt={10}
      label={texts.accept(checks.warn.length)}
      checked={accepted}
      onChange={(event) => onAccept(event.currentTarget.checked)}
    />
  );
}

interface GroupProps {
  machines: readonly Checked[];
  title: string;
  /** Also without machines. */
  always?: boolean;
  /** With the checks that were passed. */
  all?: boolean;
  children: ReactNode;
}

function Group({ machines, title, always, all, children }: GroupProps) {
  if (machines.length === 0 && !always) return null;
  return (
    <section className={classes.part}>
      <h3>{title}</h3>
      {machines.length === 0 ? null : (
        <ul className={classes.list}>
          {machines.slice(0, MOST_SHOWN).map((checked) => (
            <li key={checked.machine.id}>
              <span className={classes.name}>{checked.machine.name}</span>
              <ul className={classes.items}>
                {checked.error ? (
                  <Item item={{ id: 'source', outcome: 'fail', text: texts.failed, action: checked.error.message }} />
                ) : null}
                {checked.items
                  .filter(({ outcome }) => all || outcome !== 'pass')
                  .map((item, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: several may be of the same kind
                    <Item key={index} item={item} />
                  ))}
              </ul>
            </li>
          ))}
          {machines.length > MOST_SHOWN ? <li className={classes.quiet}>{texts.more(machines.length - MOST_SHOWN)}</li> : null}
        </ul>
      )}
      {children}
    </section>
  );
}

function Item({ item }: { item: CheckItem }) {
  return (
    <li>
      <StatusBadge state={states[item.outcome]} word={item.text} />
      {item.action === undefined ? null : (
        <div className={classes.do}>
          {texts.what} {item.action}
        </div>
      )}
    </li>
  );
}
