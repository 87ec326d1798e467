import { Button, Checkbox } from '@mantine/core';
import type { ReactNode } from 'react';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import classes from './new-migration.module.css';
import type { Checked, CheckItem, Checks } from './use-checks.ts';

const texts = newMigrationTexts.checks;
const states = { pass: 'ok', warn: 'warning', fail: 'blocked' } as const;

interface AcceptProps {
  checks: Pick<Checks, 'warn'>;
  accepted: boolean;
  onAccept: (accepted: boolean) => void;
}

/** Warnings are accepted by a person, all of them at once. */
export function AcceptWarnings({ checks, accepted, onAccept }: AcceptProps) {
  return (
    <Checkbox
      mt={10}
      label={texts.accept(checks.warn.length)}
      checked={accepted}
      onChange={(event) => onAccept(event.currentTarget.checked)}
    />
  );
}

/** Goes on without the machines that something stands in the way of; not where none would be left. */
export function LeaveOut({ checks: { all, fail }, onLeaveOut }: { checks: Checks; onLeaveOut: (ids: readonly string[]) => void }) {
  if (fail.length === 0 || fail.length === all.length) return null;
  return (
    <Button mt={8} variant="default" onClick={() => onLeaveOut(fail.map(({ machine }) => machine.id))}>
      {texts.leaveOut(fail.length)}
    </Button>
  );
}

interface GroupProps {
  machines: readonly Checked[];
  title: string;
  /** More are told by their number. */
  most?: number;
  /** Also without machines. */
  always?: boolean;
  /** With the checks that were passed. */
  all?: boolean;
  children?: ReactNode;
}

/** Machines with the same outcome, each with what was found. */
export function CheckGroup({ machines, title, most = 100, always, all, children }: GroupProps) {
  if (machines.length === 0 && !always) return null;
  return (
    <section className={classes.part}>
      <h3>{title}</h3>
      {machines.length === 0 ? null : (
        <ul className={classes.list}>
          {machines.slice(0, most).map((checked) => (
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
          {machines.length > most ? <li className={classes.quiet}>{texts.more(machines.length - most)}</li> : null}
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
