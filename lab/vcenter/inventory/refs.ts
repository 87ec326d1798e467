import { ManagedRef } from '../soap/value.ts';
import type { Ref, World } from '../world/types.ts';

export const snapshotRef = (ref: Ref) => new ManagedRef('VirtualMachineSnapshot', ref);
export const machineRef = (ref: Ref) => new ManagedRef('VirtualMachine', ref);

/** A reference to anything of the inventory. */
export function entityRef(world: World, ref: Ref): ManagedRef {
  return new ManagedRef(world.entities.get(ref)?.type ?? 'VirtualMachine', ref);
}

/** vCenter writes these characters of a name as %xx, and nothing else. */
export function escapeName(name: string): string {
  return name.replace(/[%/\\]/g, (found) => `%${found.charCodeAt(0).toString(16)}`);
}
