import { serializeError } from '../../workers/octopus-error.ts';
import { type Command, type OptionTable, seeHelp, type Terminal, usageError } from './command.ts';
import { parseOptions } from './parse-options.ts';

const usage =
  'SOURCE TARGET [--format raw|vhd|qcow2] [--source-format raw] [--manifest FILE] [--base FILE] [--resume] [--verify] [--connections N] [--limit BYTES/s] [--json]';

const options = {
  format: {
    value: 'FORMAT',
    help: 'what TARGET becomes: raw (the default), vhd (fixed) or qcow2;\nthe name does not decide it: a TARGET named .vhd, .qcow2, .vhdx or .vmdk is refused without --format',
  },
  'source-format': { value: 'raw', help: 'a SOURCE that looks like a qcow2 or VHD image is copied byte by byte all the same' },
  manifest: { value: 'FILE', help: 'writes the digest of each block to FILE, for octopus verify, --base and --resume' },
  base: { value: 'FILE', help: 'TARGET holds what this manifest says: only blocks that differ from it are sent' },
  resume: { help: 'continues an interrupted copy; needs the --manifest FILE it was started with' },
  verify: { help: 'reads the whole TARGET back and compares every block; without it nothing is read back' },
  connections: { value: 'N', help: 'connections to an NBD server, 1 to 16 (default: 4, or what the address says)' },
  limit: { value: 'BYTES/s', help: 'bytes a second at most, such as 500K or 100M, powers of 1024 (default: no limit)' },
  json: { help: 'writes the result to standard output as JSON; sizes in bytes' },
} as const satisfies OptionTable;

export const copyCommand: Command & { options: typeof options } = {
  name: 'copy',
  usage,
  summary:
    'Copies a disk from a raw file or NBD to an image file or NBD; --manifest proves it, --base and --resume send only what is missing.',
  operands: {
    SOURCE: 'a raw file, nbd://host:port/export or nbd+unix:///export?socket=PATH',
    TARGET: 'a file, replaced unless --base or --resume is given, or an NBD address as above',
  },
  options,
  async run(args, terminal: Terminal) {
    const { values, operands } = parseOptions(copyCommand, args);
    const [source, target, ...surplus] = operands;
    if (surplus.length > 0) throw usageError('target', `'${surplus[0]}' is one argument too many; ${seeHelp('copy')}.`);
    // Loaded only now, so that the other commands do not wait for it.
    const { copyImage } = await import('./copy-image.ts');
    const given = { ...values, sourceFormat: values['source-format'], source, target };
    const result = await copyImage(given, terminal).catch((error: unknown) => {
      if (values.json) terminal.out(JSON.stringify({ source, target, error: serializeError(error) }, undefined, 2));
      throw error;
    });
    if (values.json) {
      terminal.out(JSON.stringify(result, undefined, 2));
      return 0;
    }
    const { bytes } = await import('./progress.ts');
    const parts = [`${bytes(result.sent)} sent`, `${bytes(result.zero)} zero`];
    if (result.unchanged > 0) parts.push(`${bytes(result.unchanged)} unchanged`);
    if (result.resumed > 0) parts.push(`${bytes(result.resumed)} done before`);
    terminal.out(`Copied ${bytes(result.size)} in ${result.seconds.toFixed(1)} s: ${parts.join(', ')}.`);
    terminal.out(
      result.verified === undefined
        ? 'Written and flushed; not read back (--verify reads it back).'
        : `Proven: every block was read back and is what was copied (${bytes(result.verified)}).`,
    );
    if (result.manifest !== undefined) terminal.out(`Manifest: ${result.manifest}, root ${result.root}`);
    return 0;
  },
};
