import { expect } from 'vitest';
import type { SourceChange, SourceProvider } from '../source.ts';
import { refusedAs, type SourceCheck } from './source-trial.ts';

/** Well formed for every source, and in none of them. */
const NOBODY = 'vm-987654321';

/** Each call about one machine. */
export function callsOf(source: SourceProvider, machine: string, signal?: AbortSignal): Record<string, () => Promise<unknown>> {
  const disk = { key: 2000, objectId: 'disk', capacity: 2 ** 22, changeId: undefined, doubt: 'There is no such disk.' };
  const snapshot = { ref: 'snapshot-987654321', name: 'octopus-none', disks: [disk], foreignSnapshots: 0, powerState: 'off' } as const;
  return {
    machine: () => source.machine(machine, signal),
    missingPrivileges: () => source.missingPrivileges(machine, signal),
    unreadable: () => source.unreadable(machine, signal),
    prepareTracking: () => source.prepareTracking(machine, 'octopus-none', signal),
    createSnapshot: () => source.createSnapshot(machine, 'octopus-none', { quiesce: true }, signal),
    openDescriptor: () => source.openDescriptor(machine, { ...snapshot, disks: [disk] }, disk, { refresh: false }, signal),
    powerState: () => source.powerState(machine, signal),
    powerOn: () => source.powerOn(machine, signal),
    powerOff: () => source.powerOff(machine, { deadlineMs: 0 }, signal),
  };
}

export const machineChecks: SourceCheck[] = [
  {
    promise: 'tells who it is, the same each time',
    async run({ source }) {
      const about = await source.about();
      expect(about).toEqual({ name: expect.any(String), version: expect.any(String), instanceUuid: expect.any(String) });
      expect(about.name).not.toBe('');
      expect(await source.about()).toEqual(about);
    },
  },
  {
    promise: 'lists each machine once, and finds it by its reference and its exact name',
    async run({ source, machine: name }) {
      const all = await source.inventory();
      expect(new Set(all.map(({ ref }) => ref)).size).toBe(all.length);
      expect(new Set(all.map(({ instanceUuid }) => instanceUuid)).size).toBe(all.length);
      const listed = all.find((one) => one.name === name);
      expect(await source.machine(name)).toEqual(listed);
      expect(await source.machine(listed?.ref ?? '')).toEqual(listed);
      for (const wrong of [NOBODY, 'nobody', `${name}x`, name.slice(0, -1), '']) {
        expect(await refusedAs(source.machine(wrong))).toBe('source.missing');
      }
    },
  },
  {
    promise: 'does not choose between two machines of one name',
    needs: ({ twins }) => twins !== undefined,
    async run({ source, twins = '' }) {
      expect(await refusedAs(source.machine(twins))).toBe('source.missing');
      const both = (await source.inventory()).filter(({ name }) => name === twins);
      for (const { ref } of both) expect((await source.machine(ref)).ref).toBe(ref);
      expect(both).toHaveLength(2);
    },
  },
  {
    promise: 'tells sizes in bytes, and each disk by a key of its own',
    async run({ can, content }, { disks, memory }) {
      expect(new Set(disks.map(({ key }) => key)).size).toBe(disks.length);
      expect(memory).toBeGreaterThan(2 ** 20);
      for (const { key, capacity } of disks) if (can.content) expect(capacity).toBe((await content(key)).length);
    },
  },
  {
    promise: 'says that a machine is not there, at every call',
    async run({ source }) {
      for (const [name, call] of Object.entries(callsOf(source, NOBODY))) {
        expect([name, await refusedAs(call())]).toEqual([name, 'source.missing']);
      }
    },
  },
  {
    promise: 'begins nothing that was cancelled before',
    async run({ source }, { ref }) {
      const power = await source.powerState(ref);
      const signal = AbortSignal.abort();
      const calls = {
        ...callsOf(source, ref, signal),
        about: () => source.about(signal),
        inventory: () => source.inventory(signal),
        findSnapshot: () => source.findSnapshot(ref, 'octopus-none', signal),
        listSnapshots: () => source.listSnapshots(ref, '', signal),
        removeSnapshot: () => source.removeSnapshot(ref, 'snapshot-987654321', signal),
      };
      for (const [name, call] of Object.entries(calls)) expect([name, await refusedAs(call())]).toEqual([name, 'operation.cancelled']);
      expect(await source.listSnapshots(ref, '')).toEqual([]);
      expect(await source.powerState(ref)).toBe(power);
    },
  },
  {
    promise: 'watches from the present state on, until it is told to stop',
    async run({ source }) {
      const end = new AbortController();
      const changes = source.watch(end.signal)[Symbol.asyncIterator]();
      const first = ((await changes.next()).value ?? []) as SourceChange[];
      expect(first.map(({ machine }) => machine).sort()).toEqual((await source.inventory()).map(({ ref }) => ref).sort());
      for (const { kind, machine, inventory } of first) expect([kind, inventory?.ref]).toEqual(['added', machine]);
      const next = changes.next();
      end.abort();
      for (let last = await next; !last.done; last = await changes.next());
      expect((await source.watch(end.signal)[Symbol.asyncIterator]().next()).done).toBe(true);
    },
  },
  {
    promise: 'switches power where there is one, and each call may be repeated',
    async run({ source, can }, { ref, powerState }) {
      expect(await source.missingPrivileges(ref)).toEqual([]);
      expect(await source.powerState(ref)).toBe(powerState);
      const off = () => source.powerOff(ref, { deadlineMs: 0 });
      if (!can.power) {
        expect([await off(), await off()]).toEqual(['no-power', 'no-power']);
        expect(await refusedAs(source.powerOn(ref))).toBe('source.unsupported');
        return;
      }
      await source.powerOn(ref);
      expect(await off()).toMatch(/^(guest|hard)$/);
      expect([await off(), await source.powerState(ref), (await source.machine(ref)).powerState]).toEqual(['already-off', 'off', 'off']);
      await source.powerOn(ref);
      await source.powerOn(ref);
      expect(await source.powerState(ref)).toBe('on');
    },
  },
  {
    promise: 'is closed by whoever opened it, also twice, and does not close another',
    async run({ source, another }, { ref }) {
      const second = await another();
      if (second === source) return;
      await second[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      expect((await source.machine(ref)).ref).toBe(ref);
    },
  },
];
