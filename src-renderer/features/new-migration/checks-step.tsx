import { Button, Loader } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { newMigrationTexts } from '../../texts/new-migration.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { AcceptWarnings, CheckGroup, LeaveOut } from './check-group.tsx';
import { EstimateFacts } from './estimate-facts.tsx';
import classes from './new-migration.module.css';
import { StepTitle } from './step-title.tsx';
import type { Checks } from './use-checks.ts';
import type { Estimated } from './use-estimate.ts';

const texts = newMigrationTexts.checks;

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
      <CheckGroup machines={fail} title={texts.groups.fail(fail.length)}>
        <LeaveOut checks={checks} onLeaveOut={props.onLeaveOut} />
      </CheckGroup>
      <CheckGroup machines={warn} title={texts.groups.warn(warn.length)}>
        {pending.length === 0 ? <AcceptWarnings checks={checks} accepted={props.accepted} onAccept={props.onAccept} /> : null}
      </CheckGroup>
      {pass.length === 0 ? null : (
        <CheckGroup machines={shown ? pass : []} title={texts.groups.pass(pass.length)} always all>
          <Button variant="subtle" mt={4} onClick={() => setShown(!shown)} aria-expanded={shown}>
            {shown ? texts.hidePassed : texts.showPassed}
          </Button>
        </CheckGroup>
      )}
      <EstimateFacts estimate={props.estimate} free={props.free} />
    </>
  );
}
