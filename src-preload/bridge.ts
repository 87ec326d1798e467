import type { z } from 'zod';
import type { ErrorCode } from './contract/errors.ts';
import type { storedEvent } from './contract/events.ts';
import type { RouteId } from './contract/routes.ts';

export type StoredEvent = z.infer<typeof storedEvent>;

export interface BridgeRequest {
  /** Of the client's choosing; names the call when it is cancelled. */
  requestId: string;
  route: RouteId;
  input: { params?: unknown; query?: unknown; body?: unknown };
}

/** The answer to a call, whatever came of it. Nothing is thrown over the bridge. */
export type Envelope =
  | { ok: true; status: number; body: unknown; etag?: string }
  | { ok: false; status: number; error: { code: ErrorCode; message: string; field?: string; retryable?: boolean } };

/** Events between two of these may be missing: ask for the state anew. */
export interface Gap {
  gap: true;
}

/** What a menu, a shortcut, the tray or a notification asks of the client. */
export type DesktopCommand =
  | { type: 'navigate'; to: string }
  | { type: 'palette' }
  | { type: 'new-migration' }
  | { type: 'sign-out' }
  | { type: 'help' }
  | { type: 'reload-data' };

export type Appearance = 'light' | 'dark' | 'system';

/** `window.octopus`: all that the client reaches of the machine it runs on. */
export interface Bridge {
  platform: 'linux' | 'darwin' | 'win32';
  version: string;
  call(request: BridgeRequest): Promise<Envelope>;
  cancel(requestId: string): void;
  /** Answers what ends it. */
  onEvent(listener: (event: StoredEvent | Gap) => void): () => void;
  desktop: {
    /** Undefined: the person chose none. */
    pickFolder(title?: string): Promise<string | undefined>;
    pickFiles(title?: string): Promise<string[]>;
    /** Opens the person's browser where the address is on the list of those that may be; else an error. */
    openExternal(url: string): Promise<void>;
    /** The file it was written to. */
    saveDiagnostics(): Promise<string | undefined>;
    onCommand(listener: (command: DesktopCommand) => void): () => void;
    setAppearance(mode: Appearance): void;
  };
}

/** The names of the messages between the two sides. */
export const channels = {
  call: 'octopus:call',
  cancel: 'octopus:cancel',
  events: 'octopus:events',
  command: 'octopus:command',
  desktop: 'octopus:desktop',
  appearance: 'octopus:appearance',
} as const;

/** What `channels.desktop` may ask for. */
export type DesktopAction = 'pickFolder' | 'pickFiles' | 'openExternal' | 'saveDiagnostics';
