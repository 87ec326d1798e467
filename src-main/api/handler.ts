import type { Output, Parsed, RouteId } from '../../src-preload/contract/routes.ts';
import type { ActivityDraft } from '../domain/activity.ts';
import type { Caller } from '../domain/user.ts';
import type { Services } from './services.ts';

/** What a handler may add to the entry of the activity log that is written when it has ended. Secrets do not belong in it. */
export interface AuditNote extends Pick<ActivityDraft, 'actor' | 'subjectKind' | 'subjectId' | 'message' | 'before' | 'after'> {
  /** Nothing worth an entry happened; false: also a refused input is worth one. */
  skip?: boolean;
  /** The call was answered, and what it tried did not work. */
  outcome?: 'failed';
}

export interface HandlerContext {
  services: Services;
  /** Throws `auth.required` where nobody is known: only routes for everybody have to mind. */
  readonly caller: Caller;
  address: string;
  requestId: string;
  signal: AbortSignal;
  /** May be called several times; what is said later counts. */
  note(note: AuditNote): void;
}

/** The input is parsed and the caller may do this; what it answers is put through the schema of the response. */
export type Handler<Id extends RouteId> = (input: Parsed<Id>, context: HandlerContext) => Promise<Output<Id>>;
export type Handlers<Id extends RouteId = RouteId> = { [Each in Id]: Handler<Each> };
/** Those of one resource. */
export type HandlersOf<Routes> = Handlers<Extract<keyof Routes, RouteId>>;

/** Of a test whose answer tells what went wrong: an entry of it must not say that all went well. */
export const failedIf = ({ steps }: { steps: readonly { outcome: string }[] }): Pick<AuditNote, 'outcome'> =>
  steps.some(({ outcome }) => outcome === 'failed') ? { outcome: 'failed' } : {};
