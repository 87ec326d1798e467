import { describe, expect, it } from 'vitest';
import { findLost, UnflushedWrites } from './unflushed-writes.ts';

function fixture() {
  const disk = Buffer.alloc(64 * 1024, 9);
  const log = new UnflushedWrites();
  return {
    disk,
    write(offset: number, length: number, value: number) {
      disk.fill(value, offset, offset + length);
      if (value === 0) log.zeroed(offset, length, 0);
      else log.wrote(offset, disk.subarray(offset, offset + length), 0);
    },
    lost: async () => {
      const taken = log.take();
      const lost = await findLost(taken, async (offset, buffer) => void disk.copy(buffer, 0, offset, offset + buffer.length));
      log.putBack(taken);
      return lost;
    },
  };
}

describe('acknowledged writes that may be lost', () => {
  it('are found held, in any order and replaced as a whole', async () => {
    const { write, lost } = fixture();
    expect(await lost()).toBeUndefined();
    write(8192, 4096, 1);
    write(0, 4096, 2);
    write(4096, 4096, 0);
    write(8192, 4096, 3);
    write(0, 4096, 0);
    expect(await lost()).toBeUndefined();
  });

  it('are found lost by a single byte', async () => {
    const { disk, write, lost } = fixture();
    write(8192, 4096, 1);
    write(16384, 4096, 0);
    disk[8193] = 2;
    expect(await lost()).toEqual({ offset: 8192, length: 4096 });
    disk[8193] = 1;
    disk[20479] = 1;
    expect(await lost()).toEqual({ offset: 16384, length: 4096 });
  });

  it('count as lost where a newer write hides a part', async () => {
    const { write, lost } = fixture();
    write(0, 8192, 1);
    write(4096, 4096, 2);
    expect(await lost()).toEqual({ offset: 0, length: 8192 });
  });
});
