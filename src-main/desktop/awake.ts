import type { PowerSaveBlocker } from 'electron';

/** Keeps the machine from going to sleep while there is work; the display may. */
export function createAwake(blocker: Pick<PowerSaveBlocker, 'start' | 'stop'>): (busy: boolean) => void {
  let id: number | undefined;
  return (busy) => {
    if (busy && id === undefined) id = blocker.start('prevent-app-suspension');
    else if (!busy && id !== undefined) {
      blocker.stop(id);
      id = undefined;
    }
  };
}
