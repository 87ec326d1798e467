import type { SimulatedDisk } from './disk.ts';
import type { SimulatedMachine } from './machine.ts';
import { longestNoise } from './pieces.ts';
import { createRandom, mix, type Random } from './random.ts';
import type { Churn, LabClock, Ref } from './types.ts';
import { type Range, writableRanges } from './unpartitioned.ts';

/** Places that a guest comes back to, a disk: bounds how many pieces a long life leaves. */
const places = 512;
const largestWrite = longestNoise;

interface Guest {
  random: Random;
  seed: number;
  /** Where its disks may be changed, by key; another content is another disk. */
  ranges: Map<number, { content: unknown; ranges: Range[] }>;
}

export interface ChurnOptions {
  clock: LabClock;
  machines: ReadonlyMap<Ref, SimulatedMachine>;
  /** Undefined: guests write only when ticked, or by their own seed. */
  seed: number | undefined;
  everyMs: number;
  /** Of a kept world that was started again: its guests do not begin anew. */
  starts: number;
}

/** Guests that write. Each has its own stream of numbers, so the same ticks give the same writes whatever other guests do. */
export function createChurn({ clock, machines, seed, everyMs, starts }: ChurnOptions): Churn {
  const guests = new Map<Ref, Guest>();
  let running = true;
  let cancel: (() => void) | undefined;

  function guestOf(machine: SimulatedMachine): Guest {
    let guest = guests.get(machine.ref);
    if (guest === undefined) {
      const own = typeof machine.spec.churn === 'number' ? machine.spec.churn : 0;
      const guestSeed = mix(seed ?? 0, own, Number(machine.ref.slice(3)));
      guest = { random: createRandom(starts === 1 ? guestSeed : mix(guestSeed, starts)), seed: guestSeed, ranges: new Map() };
      guests.set(machine.ref, guest);
    }
    return guest;
  }

  function rangesOf(guest: Guest, disk: SimulatedDisk): Range[] {
    let known = guest.ranges.get(disk.key);
    if (known?.content !== disk.content) {
      known = { content: disk.content, ranges: writableRanges(disk.content) };
      guest.ranges.set(disk.key, known);
    }
    return known!.ranges;
  }

  function round(machine: SimulatedMachine): number {
    const guest = guestOf(machine);
    const { random } = guest;
    const count = 1 + random.below(4);
    let written = 0;
    for (let index = 0; index < count; index++) {
      const disk = machine.disks[random.below(machine.disks.length)];
      const place = random.below(places);
      const size = 512 * (1 + random.below(largestWrite / 512));
      const kind = random.below(10);
      const noise = random.uint32();
      if (disk === undefined || disk.capacity < 512) continue;
      const ranges = rangesOf(guest, disk);
      const same = ranges.length === 0 || kind === 0; // writes what is there: reported as changed, though it is not
      const range = same ? { offset: 0, length: disk.capacity } : ranges[mix(guest.seed, disk.key, place, 1) % ranges.length]!;
      const length = Math.min(size, Math.floor(range.length / 512) * 512);
      if (length === 0) continue;
      const slots = Math.floor((range.length - length) / 512) + 1;
      const offset = range.offset + 512 * createRandom(mix(guest.seed, disk.key, place, 2)).below(slots);
      disk.writeMade(offset, length, same ? 'same' : kind === 1 ? 'zeros' : noise);
      written++;
    }
    return written;
  }

  function tick(options: { machine?: Ref; rounds?: number } = {}): number {
    let written = 0;
    for (const machine of machines.values()) {
      if (options.machine !== undefined && machine.ref !== options.machine) continue;
      for (let index = 0; index < (options.rounds ?? 1); index++) {
        if (machine.powerState !== 'poweredOn') break;
        if (machine.spec.churn === false && options.machine === undefined) break;
        written += round(machine);
      }
    }
    return written;
  }

  function schedule(): void {
    cancel?.();
    cancel = !running
      ? undefined
      : clock.after(everyMs, () => {
          for (const machine of machines.values()) {
            const takesPart = seed !== undefined || typeof machine.spec.churn === 'number';
            if (takesPart && machine.spec.churn !== false && machine.powerState === 'poweredOn') round(machine);
          }
          schedule();
        });
  }
  schedule();

  return {
    get running() {
      return running;
    },
    pause() {
      running = false;
      schedule();
    },
    resume() {
      running = true;
      schedule();
    },
    tick,
  };
}
