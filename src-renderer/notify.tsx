import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconCheck, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { ClientError } from './api/client-error.ts';
import { frameTexts } from './texts/frame.ts';

/** When what went well was said, by the notice's id. */
const said = new Map<string, number>();
/** Milliseconds: what leads to another page by itself does so at once. */
const TOGETHER = 1000;

/** It went well: said for a few seconds, or until the one of this id is hidden. */
export function notifyDone(message: ReactNode, id?: string): void {
  const shown = notifications.show({
    ...(id === undefined ? {} : { id }),
    message,
    icon: <IconCheck size={16} />,
    color: 'teal',
    withBorder: true,
    autoClose: 4000,
    onClose: ({ id: closed }) => void said.delete(closed as string),
  });
  said.set(shown, Date.now());
}

/** Another page is shown: what was done on the one before is no news there, unless it led to this one. */
export function leaveNotices(): void {
  for (const [id, at] of said) if (Date.now() - at > TOGETHER) hideNotice(id);
}

export const hideNotice = (id: string): void => void notifications.hide(id);

export function notifyInfo(message: ReactNode): void {
  notifications.show({ message, icon: <IconInfoCircle size={16} />, color: 'gray', withBorder: true, autoClose: 8000 });
}

/** Stays until it is closed. The same failure twice is shown once. */
export function notifyFailed(error: ClientError): void {
  if (error.code === 'operation.cancelled' || error.code === 'auth.required') return;
  notifications.show({
    id: `${error.code} ${error.message}`,
    title: frameTexts.failed,
    message: error.message,
    icon: <IconAlertTriangle size={16} />,
    color: 'red',
    withBorder: true,
    autoClose: false,
    role: 'alert',
  });
}
