import { Button, Stack } from '@mantine/core';
import { activityTexts } from '../../texts/activity.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { formatNumber, formatTime } from '../../ui/format.ts';
import { KeyValue } from '../../ui/page-header.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import classes from './activity.module.css';
import { everything, filterActivity } from './activity-filter.ts';
import { type Change, differenceOf } from './difference.ts';
import type { Entry } from './entry.ts';

const texts = activityTexts.details;
/** Most parts that are shown: more helps nobody. */
const MOST = 200;

/** Nobody is known where somebody failed to sign in; else Octopus did it by itself. */
export const actorOf = ({ actor, action, address }: Entry): string =>
  actor?.name ?? (address !== undefined || action.startsWith('auth.') ? activityTexts.unknown : activityTexts.octopus);

/** One entry whole, with what changed. */
export function Details({ entry, names, onClose }: { entry: Entry; names: ReadonlyMap<string, string>; onClose: () => void }) {
  const known = entry.subjectId === undefined ? undefined : names.get(entry.subjectId);
  const { subjectKind, subjectId } = entry;
  return (
    <Stack gap="md">
      <KeyValue
        items={[
          [texts.at, <span key="at">{formatTime(entry.at)}</span>],
          [texts.actor, actorOf(entry)],
          [texts.address, entry.address],
          [texts.action, `${activityTexts.action(entry.action)} (${entry.action})`],
          [
            texts.subject,
            subjectId === undefined ? (
              subjectKind
            ) : (
              <CopyText key="subject" text={subjectId} shown={[subjectKind, known ?? subjectId].filter(Boolean).join(' ')} />
            ),
          ],
          [texts.outcome, <StatusBadge key="outcome" state={entry.outcome} />],
          [texts.message, entry.message],
          [texts.error, entry.errorCode],
        ]}
      />
      {subjectKind !== undefined && subjectId !== undefined ? (
        <div>
          <Button
            variant="default"
            onClick={() => {
              filterActivity({ ...everything, subject: { kind: subjectKind, id: subjectId } });
              onClose();
            }}
          >
            {activityTexts.about(subjectKind)}
          </Button>
        </div>
      ) : null}
      <Changes entry={entry} />
      <KeyValue
        items={[
          [texts.hash, <CopyText key="hash" text={entry.hash} />],
          [texts.previous, <CopyText key="previous" text={entry.previousHash} />],
        ]}
      />
    </Stack>
  );
}

function Changes({ entry: { before, after } }: { entry: Entry }) {
  if (before === undefined && after === undefined) return null;
  const both = before !== undefined && after !== undefined;
  const { changes, same } = differenceOf(before, after);
  return (
    <section>
      <h3 className={classes.heading}>{both ? texts.changes : texts.facts}</h3>
      {changes.length === 0 ? null : (
        <table className={classes.changes}>
          <thead>
            <tr>
              <th scope="col">{texts.field}</th>
              {before === undefined ? null : <th scope="col">{texts.before}</th>}
              {after === undefined ? null : <th scope="col">{texts.after}</th>}
            </tr>
          </thead>
          <tbody>
            {changes.slice(0, MOST).map((change) => (
              <ChangeRow key={change.path} change={change} before={before !== undefined} after={after !== undefined} both={both} />
            ))}
          </tbody>
        </table>
      )}
      {changes.length > MOST ? <p className={classes.quiet}>{texts.more(formatNumber(changes.length - MOST))}</p> : null}
      {both && same > 0 ? <p className={classes.quiet}>{texts.same(formatNumber(same))}</p> : null}
    </section>
  );
}

function ChangeRow({ change, before, after, both }: { change: Change; before: boolean; after: boolean; both: boolean }) {
  const none = <span className={classes.quiet}>{texts.none}</span>;
  return (
    <tr>
      <th scope="row">
        {change.path === '' ? '–' : change.path}
        {both ? <span className="only-read"> {texts.signs[change.kind]}</span> : null}
      </th>
      {before ? <td>{change.before === undefined ? none : both ? <del>{change.before}</del> : change.before}</td> : null}
      {after ? <td>{change.after === undefined ? none : both ? <ins>{change.after}</ins> : change.after}</td> : null}
    </tr>
  );
}
