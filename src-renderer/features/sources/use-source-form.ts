import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction } from '../../api/queries.tsx';
import { sourcesTexts as texts } from '../../texts/sources.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { useSourceWork } from './contacts.ts';
import { useNewest } from './use-probe.ts';

type Probe = Output<'sources.probe'>;

/** What the form of a source does, of whatever kind: it tries it, adds or changes it, and has it read where it is another place, or was silent. */
export function useSourceForm(
  form: Parameters<typeof fieldErrors>[0],
  { source, moved, onDone }: { source: Output<'sources.get'> | undefined; moved: boolean; onDone: () => void },
) {
  const byField = fieldErrors(form);
  const { sync } = useSourceWork();
  const ask = useAction('sources.probe', { handles: byField });
  const probe = useNewest<Parameters<typeof ask.mutateAsync>[0], Probe>((input) => ask.mutateAsync(input));
  const whenKept = (words: (name: string) => string) => ({
    done: ({ name }: { name: string }) => words(name),
    handles: byField,
    onDone: (kept: { id: string; name: string }) => {
      if (moved || source?.contact?.failure) void sync(kept);
      onDone();
    },
  });
  const create = useAction('sources.create', whenKept(texts.done.added));
  const update = useAction('sources.update', whenKept(texts.done.updated));
  return { probe, create, update, saving: create.isPending || update.isPending };
}

/** An empty name is none: the core finds one. */
export const nameIn = (typed: string): { name?: string } => (typed.trim() === '' ? {} : { name: typed.trim() });
