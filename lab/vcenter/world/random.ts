/** Seeded pseudo-random numbers: the same seed gives the same world. Not for secrets. */
export interface Random {
  /** 0 to 2^32-1. */
  uint32(): number;
  /** 0 (inclusive) to 1 (exclusive). */
  unit(): number;
  /** 0 to bound-1; bound up to 2^53. */
  below(bound: number): number;
  bytes(target: Buffer): Buffer;
  uuid(): string;
  /** From here it goes on the same after restore. */
  state(): RandomState;
  restore(state: RandomState): void;
}

export type RandomState = [number, number, number, number];

/** Mixes numbers into 32 bits (the finaliser of MurmurHash3). */
export function mix(...parts: number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    // Offsets exceed 32 bits: both halves count.
    for (const half of [part >>> 0, Math.floor(part / 0x1_0000_0000) >>> 0]) {
      hash = Math.imul(hash ^ half, 0x85ebca6b);
      hash ^= hash >>> 13;
      hash = Math.imul(hash, 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
  }
  return hash >>> 0;
}

/** xorshift128 seeded by mix. */
export function createRandom(seed: number): Random {
  let a = mix(seed, 1) | 1;
  let b = mix(seed, 2);
  let c = mix(seed, 3);
  let d = mix(seed, 4);
  const uint32 = (): number => {
    let t = d;
    d = c;
    c = b;
    b = a;
    t ^= t << 11;
    t ^= t >>> 8;
    a = t ^ a ^ (a >>> 19);
    return a >>> 0;
  };
  const unit = () => uint32() / 0x1_0000_0000;
  return {
    uint32,
    unit,
    below: (bound) => Math.floor(((uint32() >>> 5) * 0x400_0000 + (uint32() >>> 6)) * (bound / 0x20_0000_0000_0000)),
    state: () => [a, b, c, d],
    restore(state) {
      [a, b, c, d] = state;
    },
    bytes(target) {
      let at = 0;
      for (; at + 4 <= target.length; at += 4) target.writeUInt32LE(uint32(), at);
      for (; at < target.length; at++) target[at] = uint32() & 0xff;
      return target;
    },
    uuid() {
      const hex = [0, 0, 0, 0].map(() => uint32().toString(16).padStart(8, '0')).join('');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}
