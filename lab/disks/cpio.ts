/** An archive in cpio's newc format, as the Linux kernel unpacks it: Documentation/driver-api/early-userspace/buffer-format.rst. */
export type CpioEntry =
  | { name: string; kind: 'folder' }
  | { name: string; kind: 'file'; content: Buffer; executable?: boolean }
  | { name: string; kind: 'link'; target: string }
  | { name: string; kind: 'device'; major: number; minor: number };

/** Parents stand before what they hold. The same entries give the same bytes. */
export function cpioArchive(entries: CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => cpioMember(entry, index + 1));
  parts.push(member('TRAILER!!!', 0, 0, Buffer.alloc(0), 0, 0));
  const whole = Buffer.concat(parts);
  return Buffer.concat([whole, Buffer.alloc(-whole.length & 511)]);
}

function cpioMember(entry: CpioEntry, inode: number): Buffer {
  switch (entry.kind) {
    case 'folder':
      return member(entry.name, inode, 0o040755, Buffer.alloc(0), 0, 0);
    case 'file':
      return member(entry.name, inode, entry.executable ? 0o100755 : 0o100644, entry.content, 0, 0);
    case 'link':
      return member(entry.name, inode, 0o120777, Buffer.from(entry.target), 0, 0);
    case 'device':
      return member(entry.name, inode, 0o020600, Buffer.alloc(0), entry.major, entry.minor);
  }
}

function member(name: string, inode: number, mode: number, content: Buffer, major: number, minor: number): Buffer {
  const nameBytes = Buffer.from(`${name}\0`);
  const hex = (value: number) => value.toString(16).padStart(8, '0');
  // inode, mode, uid, gid, links, mtime, size, device major and minor, own major and minor, name's size, no checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, nameBytes.length, 0];
  const head = Buffer.concat([Buffer.from(`070701${fields.map(hex).join('')}`), nameBytes]);
  return Buffer.concat([head, Buffer.alloc(-head.length & 3), content, Buffer.alloc(-content.length & 3)]);
}
