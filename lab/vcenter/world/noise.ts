import { createRandom } from './random.ts';

/** Noise that contents are cut from: making it anew for each read would be slower than any disk. */
const size = 4 * 1024 * 1024;
let noise: Buffer | undefined;

/** `length` bytes of noise that `key` stands for, from `skip` on; a key's stretch is `longest` bytes long. */
export function cutNoise(target: Buffer, key: number, skip: number, longest: number): void {
  noise ??= createRandom(1).bytes(Buffer.allocUnsafe(size));
  const from = (key % (size - longest)) + skip;
  noise.copy(target, 0, from, from + target.length);
}
