import type { IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron';
import { origin } from './page.ts';

type Sent = Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>;

/** The one place that decides whose messages are heard: our window's, from its top frame, while it shows our page. */
export function isOurs(event: Sent, ours: WebContents | undefined): boolean {
  const { sender, senderFrame } = event;
  if (!ours || sender !== ours || !senderFrame || senderFrame !== ours.mainFrame) return false;
  return isOurPage(senderFrame.url);
}

export function isOurPage(address: string): boolean {
  try {
    const url = new URL(address);
    return `${url.protocol}//${url.host}` === origin;
  } catch {
    return false;
  }
}
