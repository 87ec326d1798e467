// Chromium asks the D-Bus for the battery, the colours and more. Where there is no bus it says so many times, and goes on without. Imports no package.
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

/** As Chromium 120 and later write it: [pid:time:ERROR:bus.cc(line)] with or without a folder and the thread. */
const known =
  /^\[[\d:/.]+:ERROR:(dbus\/)?(bus|object_proxy)\.cc[(:]\d+\)?\] Failed to (connect to the bus: |call method: org\.freedesktop\.DBus\.\w+: .*unknown error type)/;
/^\[[\d:/.]+:ERROR:(dbus\/)?(bus|object_proxy)\.cc[(:]\d+\)?\] Failed to (connect to the bus|call method: org\.freedesktop\.)/;

export const isBusError = (line) => known.test(line);

/** Passes on what Chromium says, but for what it says of a missing bus: that goes to the file, which begins anew. */
export function holdBackBusErrors(from, to, file) {
  let held;
  const lines = createInterface({ input: from });
  lines.on('line', (line) => {
    if (!isBusError(line)) {
      to.write(`${line}\n`);
      return;
    }
    if (!held) {
      mkdirSync(dirname(file), { recursive: true });
      held = createWriteStream(file);
      // It is kept for whoever looks for it; without it the application runs as well.
      held.on('error', () => {});
    }
    held.write(`${line}\n`);
  });
  lines.on('close', () => held?.end());
}
