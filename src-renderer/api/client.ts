import type { Bridge } from '../../src-preload/bridge.ts';
import type { Input, Output, RouteId } from '../../src-preload/contract/routes.ts';
import type { StoredEvent } from './stored-event.ts';

/** Parts that a route does not take, or that may be empty, may be left out. */
type Leave<Parts> = {
  [Name in keyof Parts as object extends Parts[Name] ? never : Name extends Absent<Parts> ? never : Name]: Parts[Name];
} & {
  [Name in keyof Parts as object extends Parts[Name] ? Name : Name extends Absent<Parts> ? Name : never]?: Parts[Name];
};
type Absent<Parts> = { [Name in keyof Parts]: undefined extends Parts[Name] ? Name : never }[keyof Parts];

/** What a caller gives. */
export type CallInput<Id extends RouteId> = Leave<Input<Id>>;
/** `lost`: what is shown may be old until it is `live` again. */
export type StreamState = 'connecting' | 'live' | 'lost';

/** The one way to the core: over IPC in the application, over HTTP in a browser. */
export interface Client {
  kind: 'desktop' | 'web';
  /** Rejects with a ClientError. For auth.logout the transport fills in the refresh token of this session. */
  call<Id extends RouteId>(id: Id, input: CallInput<Id>, options?: { signal?: AbortSignal | undefined }): Promise<Output<Id>>;
  /** `onGap`: events were missed, the state has to be asked for anew. Answers what ends it. */
  subscribe(listener: (event: StoredEvent) => void, onGap: () => void, onState?: (state: StreamState) => void): () => void;
  /** The session ended by itself: sign in again. */
  onSignedOut(listener: () => void): () => void;
  /** What only the application can do. */
  desktop?: Bridge['desktop'];
}
