import type { MachineInventory } from './machine.ts';

/**
 * Is `now` another machine than the one that `before` tells of, though both have one instance uuid, as two vCenters made from one copy have?
 * A name alone changes, and so does a disk alone: only where no disk is as it was under another name is it another machine.
 */
export function isAnotherMachine(before: MachineInventory, now: MachineInventory): boolean {
  if (before.name === now.name || before.disks.length === 0 || now.disks.length === 0) return false;
  return !now.disks.some((disk) =>
    before.disks.some(({ key, objectId, capacity }) => capacity === disk.capacity && (objectId === disk.objectId || key === disk.key)),
  );
}

/** What to say where it is; and what to do. */
export function takenBy(before: MachineInventory, now: MachineInventory): string {
  return `${before.name} is no longer there: its place is taken by ${now.name}, none of whose disks is known. Nothing was copied. Make a migration of its own for ${now.name}, or reach the vCenter that has ${before.name}.`;
}
