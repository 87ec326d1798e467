import { create } from 'zustand';
import type { Output } from '../../src-preload/contract/routes.ts';
import type { Client, StreamState } from '../api/client.ts';
import { type ClientError, toClientError } from '../api/client-error.ts';
import { preferAs } from './preferences.ts';
import { viewAs } from './saved-views.ts';

export type Caller = Output<'auth.me'>;
export type Role = Caller['role'];

/** `starting` until Octopus has answered; `first-start`: it waits for its first administrator. */
export type SessionState =
  | { state: 'starting' }
  | { state: 'unreachable'; error: ClientError }
  | { state: 'first-start' }
  | { state: 'signed-out'; ended?: boolean }
  /** `typed`: the password, in memory and only until its owner has changed it. */
  | { state: 'signed-in'; user: Caller; typed?: string };

interface SessionStore {
  session: SessionState;
  /** Of Octopus; empty until it has answered. */
  version: string;
  stream: StreamState;
}

export const useSession = create<SessionStore>()(() => ({ session: { state: 'starting' }, version: '', stream: 'connecting' }));

function set(session: SessionState): void {
  if (session.state === 'signed-in') for (const becomes of [preferAs, viewAs]) becomes(session.user.id);
  useSession.setState({ session });
}

/** Finds out who is signed in. */
export async function loadSession(client: Client): Promise<void> {
  try {
    const health = await client.call('health.get', {});
    useSession.setState({ version: health.version });
    if (health.setupNeeded) return set({ state: 'first-start' });
    set({ state: 'signed-in', user: await client.call('auth.me', {}) });
  } catch (error) {
    const known = toClientError(error);
    if (known.code.startsWith('auth.')) set({ state: 'signed-out' });
    else set({ state: 'unreachable', error: known });
  }
}

export const signedIn = (user: Caller, typed?: string) =>
  set({ state: 'signed-in', user, ...(user.mustChangePassword && typed !== undefined ? { typed } : {}) });
export const signedOut = (ended = false) => set({ state: 'signed-out', ended });
export const streamIs = (stream: StreamState) => useSession.setState({ stream });

/** Who is signed in; only below the frame, where somebody is. */
export function useCaller(): Caller {
  const session = useSession((store) => store.session);
  if (session.state !== 'signed-in') throw new Error('Nobody is signed in.');
  return session.user;
}

const ranks: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export const mayDo = (role: Role, least: Role): boolean => ranks[role] >= ranks[least];

/** May the caller do what needs at least this role? */
export const useMay = (least: Role): boolean => mayDo(useCaller().role, least);
