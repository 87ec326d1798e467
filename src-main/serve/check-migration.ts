import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from '../../src-preload/contract/routes/migration-insight.ts';
import { OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import { isAnotherMachine, takenBy } from '../domain/another-machine.ts';
import { lastBootFailure } from '../domain/cutover.ts';
import type { MachineInventory } from '../domain/machine.ts';
import { sizeText } from '../domain/size-text.ts';
import { snapshotPrefix } from '../domain/snapshot-prefix.ts';
import { estimate } from '../estimation/estimate.ts';
import type { Octopus } from '../octopus.ts';
import { findQemu, findUefi } from '../providers/local/qemu/qemu-programs.ts';
import type { TargetEnvironment } from '../store/repositories/target-environments.ts';
import type { StoredMachine } from '../store/repositories/vms.ts';

/** Change tracking came with this virtual hardware. */
const LEAST_HARDWARE = 7;

const pass = (id: Check['id'], text: string): Check => ({ id, outcome: 'pass', text });
const warn = (id: Check['id'], text: string, action: string): Check => ({ id, outcome: 'warn', text, action });
const fail = (id: Check['id'], text: string, action: string): Check => ({ id, outcome: 'fail', text, action });

/** What can be known before a migration is made. Asks, and changes nothing. */
export async function checkMigration(
  octopus: Octopus,
  { machineId, targetId, quiesce }: { machineId: string; targetId: string; quiesce: boolean },
  signal: AbortSignal,
): Promise<Check[]> {
  const { store } = octopus;
  const machine = await store.machines.find(machineId);
  if (!machine) throw new OctopusError('not.found', `There is no machine ${machineId}.`, { field: 'machineId' });
  const target = await store.targets.find(targetId);
  if (!target) throw new OctopusError('not.found', `There is no target ${targetId}.`, { field: 'targetId' });
  const [asked, conflict, place, boot] = await Promise.all([
    checkSource(octopus, machine, signal),
    checkConflict(octopus, machine, target),
    checkPlace(octopus, machine, target),
    checkLastBoot(octopus, machine, target),
  ]);
  // What the source said last, where it does not answer now.
  const now = asked.inventory ?? machine.inventory;
  return [...asked.items, ...checkInventory(now, quiesce, asked.unreadable), checkFirmware(now), ...conflict, ...place, ...boot];
}

async function checkSource(
  octopus: Octopus,
  machine: StoredMachine,
  signal: AbortSignal,
): Promise<{ items: Check[]; inventory?: MachineInventory; unreadable?: string[] }> {
  const { ref, name, instanceUuid } = machine.inventory;
  const items: Check[] = [];
  try {
    const source = await octopus.source(machine.sourceEnvironmentId, signal);
    const about = await source.about(signal);
    items.push(pass('source', `${about.name} ${about.version} answers.`));
    const inventory = await source.machine(ref, signal).catch((error: unknown) => {
      const { code, message } = toOctopusError(error);
      if (code !== 'source.missing') throw error;
      items.push(fail('machine', message, 'Read the inventory of the source anew and choose the machine again.'));
      return undefined;
    });
    if (!inventory) return { items };
    if (inventory.instanceUuid !== instanceUuid) {
      items.push(
        fail('machine', `${name} is no longer there: its place is taken by ${inventory.name}.`, 'Read the inventory of the source anew.'),
      );
      return { items };
    }
    if (isAnotherMachine(machine.inventory, inventory)) {
      items.push(fail('machine', takenBy(machine.inventory, inventory), 'Choose the machine again.'));
      return { items };
    }
    items.push(
      inventory.template
        ? fail('machine', `${inventory.name} is a template.`, 'Make a machine of it, or choose another.')
        : pass('machine', `${inventory.name} is there.`),
    );
    const missing = await source.missingPrivileges(ref, signal);
    items.push(
      missing.length === 0
        ? pass('privileges', 'The account has every privilege that runs need.')
        : fail(
            'privileges',
            `The account lacks ${missing.map(({ privilege, on }) => `${privilege} on ${on}`).join(', ')}.`,
            'Give its role these privileges in vCenter.',
          ),
    );
    return { items, inventory, unreadable: await source.unreadable(ref, signal) };
  } catch (caught) {
    signal.throwIfAborted();
    const { message } = toOctopusError(caught);
    const what = items.length === 0 ? 'source' : 'machine';
    return { items: [...items, fail(what, message, 'Test the source, and mend its address, certificate or password.')] };
  }
}

function checkInventory(machine: MachineInventory, quiesce: boolean, unreadable: string[] = []): Check[] {
  const items: Check[] = [];
  const { snapshotCount, snapshots = [], consolidationNeeded, changeTracking, hardwareVersion, disks, tools } = machine;
  // One of a run, also of a run that was interrupted, goes with it.
  const others = snapshotCount - snapshots.filter(({ name }) => name.startsWith(snapshotPrefix)).length;
  if (consolidationNeeded) {
    items.push(warn('snapshots', 'Its disks need consolidation.', 'Consolidate them in vCenter first: each snapshot makes it slower.'));
  } else if (others > 0) {
    items.push(
      warn(
        'snapshots',
        `It has ${others === 1 ? 'a snapshot' : `${others} snapshots`} that Octopus did not make; they are never touched.`,
        changeTracking ? 'Remove them when they are not needed.' : 'Remove them: until then change tracking cannot be switched on.',
      ),
    );
  } else items.push(pass('snapshots', snapshotCount > 0 ? 'It has no snapshot but those of runs.' : 'It has no snapshot.'));
  if (changeTracking) items.push(pass('tracking', 'Change tracking is on: later runs read only what changed.'));
  else if (hardwareVersion < LEAST_HARDWARE) {
    const text = `Its virtual hardware ${hardwareVersion} knows no change tracking: every run reads all of its disks.`;
    items.push(warn('tracking', text, 'Upgrade its hardware version, or accept it.'));
  } else if (others > 0) {
    const text = 'Change tracking is off and cannot be switched on beside snapshots: every run reads all of its disks.';
    items.push(warn('tracking', text, 'Remove its snapshots.'));
  } else items.push(pass('tracking', 'Change tracking is off; the first run switches it on.'));
  const left = disks.filter(({ excluded }) => excluded !== undefined);
  const reasons = left.map(({ label, excluded }) => `${label}: ${excluded}`).join(' ');
  if (left.length === disks.length) {
    items.push(fail('disks', `It has no disk that can be replicated. ${reasons}`.trim(), 'Choose another machine, or change its disks.'));
  } else if (unreadable.length > 0) {
    items.push(fail('disks', unreadable.join(' '), 'Mend that first: no run could read it.'));
  } else if (left.length > 0) {
    items.push(
      warn(
        'disks',
        `${left.length} of ${disks.length} disks are left out. ${reasons}`,
        'Make them dependent disks, or protect them otherwise.',
      ),
    );
  } else items.push(pass('disks', disks.length === 1 ? 'Its disk can be replicated.' : `All its ${disks.length} disks can be replicated.`));
  if (quiesce) {
    items.push(
      tools === 'toolsOk' || tools === 'toolsOld'
        ? pass('quiesce', "The guest's tools run and can quiesce its file systems.")
        : warn(
            'quiesce',
            "The guest's tools do not run: a quiesced snapshot would fail.",
            'Start VMware Tools in the guest, or do not ask for it.',
          ),
    );
  }
  return items;
}

function checkFirmware({ firmware, secureBoot }: MachineInventory): Check {
  const named = firmware === 'bios' ? 'BIOS' : secureBoot ? 'UEFI with Secure Boot' : 'UEFI';
  try {
    findQemu({});
    if (firmware === 'efi') findUefi({}, secureBoot);
    return pass('firmware', `It boots by ${named}, which the target can.`);
  } catch (caught) {
    const { message } = toOctopusError(caught);
    return warn('firmware', `It can be replicated, but not started at the target. ${message}`, 'Install it before the cutover.');
  }
}

async function checkConflict(octopus: Octopus, machine: StoredMachine, target: TargetEnvironment): Promise<Check[]> {
  const { store } = octopus;
  const { name, instanceUuid } = machine.inventory;
  if (await store.jobs.of(machine.id, target.id)) {
    return [fail('conflict', `${name} is replicated to ${target.name} already.`, 'Change that migration instead.')];
  }
  // Machines stand at a target under their id: two of one name do not meet.
  const there = await stat(join(target.location, instanceUuid)).catch(() => undefined);
  if (!there) return [pass('conflict', `${target.name} holds nothing of ${name} yet.`)];
  // Asked without making anything at a target that is not reached now: other checks tell of that.
  const started = await octopus.target(target.id).then(
    (provider) => provider.started(instanceUuid),
    () => [],
  );
  if (started.length > 0) {
    const text = `${name} was started at ${target.name} by a migration that was removed since: it may run there, and no cutover can start it.`;
    const action = 'Use the machine that is there. Or stop it first, on the page of the targets.';
    return [fail('conflict', text, action)];
  }
  const text = `${target.name} holds replicas of ${name} that no migration here knows.`;
  return [warn('conflict', text, 'The first run goes on from them; move that folder away if they are to be kept as they are.')];
}

async function checkPlace(octopus: Octopus, machine: StoredMachine, target: TargetEnvironment): Promise<Check[]> {
  const { location, name } = target;
  try {
    await access(location, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (caught) {
    const { code } = caught as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'it is not there; is its disk mounted?'
        : code === 'EROFS'
          ? 'its file system is read-only.'
          : 'permission is denied.';
    return [fail('target', `${name} (${location}) cannot be written to: ${why}`, 'Mend the folder, or choose another target.')];
  }
  const { bavail, bsize } = await statfs(location);
  const free = bavail * bsize;
  const { items } = await estimate(octopus.store, [machine], { targetKind: target.kind }, new Date(0).toISOString());
  const job = await octopus.store.jobs.of(machine.id, target.id);
  if (job && (await octopus.store.recoveryPoints.newestHeld(job.id))) {
    const { high: most } = items[0]!.moved;
    const next = `${sizeText(free)} are free; the next recovery point takes ${sizeText(most)} at most.`;
    const writes = pass('target', `${name} can be written to.`);
    return [writes, free > most ? pass('space', next) : warn('space', next, 'Make room, or keep fewer recovery points.')];
  }
  const { low, likely, high } = items[0]!.stored;
  const told = `${sizeText(free)} are free; the replica and its first recovery point take ${sizeText(low)} to ${sizeText(high)}.`;
  const writable = pass('target', `${name} can be written to.`);
  if (free > high) return [writable, pass('space', told)];
  if (free < low || (free < likely && items[0]!.basis === 'runs'))
    return [writable, fail('space', told, 'Make room, or choose another target.')];
  return [writable, warn('space', told, 'Make room, or watch the first run.')];
}

/** What an earlier cutover's boot check found. It only matters to a cutover without one: `accepted-warnings.ts`. */
async function checkLastBoot({ store }: Octopus, machine: StoredMachine, target: TargetEnvironment): Promise<Check[]> {
  const job = await store.jobs.of(machine.id, target.id);
  const last = job && lastBootFailure(await store.cutovers.ofJob(job.id));
  if (last === undefined) return [];
  return [warn('boot-failed', `The last boot check failed: ${last}`, 'Have the boot checked in this cutover, too.')];
}
