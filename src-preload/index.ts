import { contextBridge, ipcRenderer } from 'electron';
import {
  type Bridge,
  channels,
  type DesktopAction,
  type DesktopCommand,
  type Gap,
  type StoredEvent,
  type UnlockBridge,
  type UnlockMessage,
  type UnlockQuestion,
  unlockPath,
} from './bridge.ts';

/** Put in by the build. */
declare const OCTOPUS_VERSION: string;

const events = new Set<(event: StoredEvent | Gap) => void>();
const commands = new Set<(command: DesktopCommand) => void>();
/** Commands that came before the client listened. */
let early: DesktopCommand[] = [];

ipcRenderer.on(channels.events, (_event, batch: (StoredEvent | Gap)[]) => {
  for (const event of batch) for (const listener of events) listener(event);
});
ipcRenderer.on(channels.command, (_event, command: DesktopCommand) => {
  if (commands.size === 0) early = [...early, command].slice(-10);
  for (const listener of commands) listener(command);
});

const desktop = (action: DesktopAction, value?: string) => ipcRenderer.invoke(channels.desktop, action, value);

const bridge: Bridge = {
  platform: process.platform as Bridge['platform'],
  version: OCTOPUS_VERSION,
  // Named one by one: nothing else that a page might hand over goes across.
  call: ({ requestId, route, input }) =>
    ipcRenderer.invoke(channels.call, { requestId, route, input: { params: input?.params, query: input?.query, body: input?.body } }),
  cancel: (requestId) => ipcRenderer.send(channels.cancel, requestId),
  onEvent(listener) {
    events.add(listener);
    return () => void events.delete(listener);
  },
  desktop: {
    pickFolder: (title) => desktop('pickFolder', title),
    pickFiles: (title) => desktop('pickFiles', title),
    openExternal: (url) => desktop('openExternal', url),
    saveDiagnostics: () => desktop('saveDiagnostics'),
    onCommand(listener) {
      commands.add(listener);
      const waiting = early;
      early = [];
      for (const command of waiting) listener(command);
      return () => void commands.delete(listener);
    },
    setAppearance: (mode) => ipcRenderer.send(channels.appearance, mode),
  },
};

const tell = (message: UnlockMessage) => ipcRenderer.send(channels.unlock, message);

const unlock: UnlockBridge = {
  watch(listener) {
    const hear = (_event: unknown, question: UnlockQuestion) => listener(question);
    ipcRenderer.on(channels.question, hear);
    tell({ type: 'ready' });
    return () => void ipcRenderer.removeListener(channels.question, hear);
  },
  answer: (answer) => tell({ type: 'answer', answer }),
  quit: () => tell({ type: 'quit' }),
};

// Each page has what it needs and nothing of the other.
const { pathname } = (globalThis as unknown as { location: { pathname: string } }).location;
if (pathname === unlockPath) contextBridge.exposeInMainWorld('octopusUnlock', unlock);
else contextBridge.exposeInMainWorld('octopus', bridge);
