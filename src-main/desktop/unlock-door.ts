import type { IpcMain, WebContents } from 'electron';
import { channels, type UnlockAnswer, type UnlockQuestion, unlockPath } from '../../src-preload/bridge.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { isOurs } from './sender.ts';

/** Characters; more is no passphrase. */
const LONGEST = 1024;

export interface UnlockDoor {
  /** Shows the question to the person and waits for what they answer. A question that stood before is void. Rejects once it is shut. */
  ask(question: UnlockQuestion): Promise<UnlockAnswer>;
  /** Somebody was asked, and nothing is opened yet. */
  isOpen(): boolean;
  /** The secrets are open: the application follows. */
  done(): void;
  /** The application ends. */
  shut(): void;
}

export interface UnlockDoorParts {
  ipcMain: Pick<IpcMain, 'on'>;
  contents: () => WebContents | undefined;
  /** Brings the page up, or takes it away. */
  show: (unlock: boolean) => void;
  quit: () => void;
  onRefused: (channel: string) => void;
}

/** The page that asks what opens the secrets. An answer goes to who asked and is kept nowhere. */
export function openUnlockDoor(parts: UnlockDoorParts): UnlockDoor {
  let standing: UnlockQuestion = { ask: 'nothing' };
  let waiting: PromiseWithResolvers<UnlockAnswer> | undefined;
  let open = false;
  const shut = Promise.withResolvers<never>();
  shut.promise.catch(() => undefined);

  function tell(question: UnlockQuestion): void {
    standing = question;
    parts.contents()?.send(channels.question, question);
  }

  parts.ipcMain.on(channels.unlock, (event, message: unknown) => {
    if (!isOurs(event, parts.contents()) || new URL(event.senderFrame?.url ?? '').pathname !== unlockPath) {
      return parts.onRefused(channels.unlock);
    }
    const { type, answer } = (message ?? {}) as { type?: unknown; answer?: unknown };
    if (type === 'ready') tell(standing);
    else if (type === 'quit') parts.quit();
    else if (type === 'answer' && waiting) {
      const known = readAnswer(answer);
      if (!known) return;
      const { resolve } = waiting;
      waiting = undefined;
      tell({ ask: 'nothing' });
      resolve(known);
    }
  });

  return {
    ask(question) {
      waiting = Promise.withResolvers();
      const { promise } = waiting;
      tell(question);
      if (!open) {
        open = true;
        parts.show(true);
      }
      return Promise.race([promise, shut.promise]);
    },
    isOpen: () => open,
    done() {
      waiting = undefined;
      if (!open) return;
      open = false;
      standing = { ask: 'nothing' };
      parts.show(false);
    },
    shut() {
      shut.reject(new OctopusError('server.stopping', 'Octopus is stopping.', { retryable: true }));
    },
  };
}

function readAnswer(answer: unknown): UnlockAnswer | undefined {
  const { with: store, passphrase } = (answer ?? {}) as { with?: unknown; passphrase?: unknown };
  if (store === 'keychain') return { with: 'keychain' };
  if (store === 'file' && typeof passphrase === 'string' && passphrase.length <= LONGEST) return { with: 'file', passphrase };
  return undefined;
}
