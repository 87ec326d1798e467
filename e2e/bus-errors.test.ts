import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { holdBackBusErrors, isBusError } from '../scripts/bus-errors.mjs';

// As Electron 33 and newer ones say it on a machine without D-Bus.
const noise = [
  '[3331:1123/202652.636992:ERROR:bus.cc(407)] Failed to connect to the bus: Failed to connect to socket /run/dbus/system_bus_socket: No such file or directory',
  '[3331:1123/202653.609113:ERROR:bus.cc(407)] Failed to connect to the bus: Could not parse server address: Unknown address type (examples of valid types are "tcp" and on UNIX "unix")',
  '[3331:1123/202653.735652:ERROR:object_proxy.cc(576)] Failed to call method: org.freedesktop.DBus.NameHasOwner: object_path= /org/freedesktop/DBus: unknown error type: ',
  '[1:0101/000000.000000:ERROR:dbus/bus.cc:408] Failed to connect to the bus: Could not parse server address',
];
const real = [
  'octopus: it cannot be started',
  '[3363:1123/202654.104105:ERROR:viz_main_impl.cc(181)] Exiting GPU process due to errors during initialization',
  '[1:0101/000000.000000:ERROR:object_proxy.cc(576)] Failed to call method: org.freedesktop.Secret.Service.OpenSession: object_path= /org/freedesktop/secrets: denied',
  'Error: Failed to connect to the bus: our own words',
];

test('what Chromium says of a missing bus goes to a file, and nothing else does', async () => {
  for (const line of noise) expect(isBusError(line), line).toBe(true);
  for (const line of real) expect(isBusError(line), line).toBe(false);
  const folder = await mkdtemp(join(tmpdir(), 'octopus-bus-'));
  try {
    const [from, to, file] = [new PassThrough(), new PassThrough(), join(folder, 'made', 'bus-errors.log')];
    holdBackBusErrors(from, to, file);
    const told = text(to);
    from.end([...noise, ...real, ''].join('\n'));
    await expect.poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 60_000 }).toBe(`${noise.join('\n')}\n`);
    to.end();
    expect(await told).toBe(`${real.join('\n')}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
