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

/** What is asked before anything else: where secrets are, or what opens them. */
export type UnlockQuestion =
  /** Nothing: it is opening. */
  | { ask: 'nothing' }
  /** The keychain has not answered yet; it may be asking the person itself. */
  | { ask: 'keychain' }
  /** There is no keychain to be used, or the file of secrets is gone. `before`: where they were kept so far. */
  | { ask: 'choose'; why: string; before?: 'keychain' | 'file' }
  /** Of the file of secrets. */
  | { ask: 'passphrase'; problem?: { kind: 'wrong' | 'altered' | 'other'; message: string } };

export type UnlockAnswer = { with: 'keychain' } | { with: 'file'; passphrase: string };

/** `window.octopusUnlock`: the only thing that the page `unlock` reaches; no other page has it. */
export interface UnlockBridge {
  /** Tells the question that stands, and each that follows. */
  watch(listener: (question: UnlockQuestion) => void): () => void;
  /** The next question tells what came of it. */
  answer(answer: UnlockAnswer): void;
  quit(): void;
}

/** Path of the page that has the other bridge. */
export const unlockPath = '/unlock';

/** The names of the messages between the two sides. */
export const channels = {
  call: 'octopus:call',
  cancel: 'octopus:cancel',
  events: 'octopus:events',
  command: 'octopus:command',
  desktop: 'octopus:desktop',
  appearance: 'octopus:appearance',
  unlock: 'octopus:unlock',
  question: 'octopus:question',
} as const;

/** What `channels.desktop` may ask for. */
export type DesktopAction = 'pickFolder' | 'pickFiles' | 'openExternal' | 'saveDiagnostics';

/** What `channels.unlock` may say. */
export type UnlockMessage = { type: 'ready' } | { type: 'answer'; answer: UnlockAnswer } | { type: 'quit' };
