import { IconChecklist, IconRefresh, IconShieldSearch, IconTransfer, IconTrash, IconZoomCheck } from '@tabler/icons-react';
import { schedulesTexts as texts } from '../../texts/schedules.ts';
import classes from './schedules.module.css';

export type Kind = keyof typeof texts.kinds;

const icons = {
  run: IconTransfer,
  cutover: IconChecklist,
  'cutover-check': IconZoomCheck,
  inventory: IconRefresh,
  retention: IconTrash,
  verify: IconShieldSearch,
};

/** What is done, as icon and words. */
export function KindCell({ kind }: { kind: Kind }) {
  const Icon = icons[kind];
  return (
    <span className={classes.what}>
      <Icon size={15} stroke={1.7} aria-hidden />
      <span>{texts.kinds[kind]}</span>
    </span>
  );
}

/** What a schedule or a task is about. */
export function subjectOf(
  { kind, machineName, sourceId }: { kind: Kind; machineName?: string | undefined; sourceId?: string | undefined },
  sources: ReadonlyMap<string, string>,
): string {
  if (machineName !== undefined) return machineName;
  if (sourceId !== undefined) return sources.get(sourceId) ?? texts.unknownSource;
  return kind === 'retention' ? texts.everything : texts.none;
}
