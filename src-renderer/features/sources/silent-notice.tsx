import type { Output } from '../../../src-preload/contract/routes.ts';
import { sourcesTexts as texts } from '../../texts/sources.ts';
import { formatTime } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';

/** Why somebody edits a source that does not answer. */
export function SilentNotice({ source: { contact } }: { source: Pick<Output<'sources.get'>, 'contact'> }) {
  if (!contact?.failure) return null;
  return (
    <Notice tone="warn" title={texts.states.silentSince(formatTime(contact.failure.since))}>
      {contact.failure.message}
    </Notice>
  );
}
