import { parseArgs } from 'node:util';
import { type Command, type Terminal, usageError } from './command.ts';

const usage =
  'SOURCE TARGET [--format raw|vhd|qcow2] [--manifest FILE] [--base FILE] [--resume] [--verify] [--connections N] [--limit BYTES/s] [--json]';

export const copyCommand: Command = {
  name: 'copy',
  usage,
  summary:
    'Copies a disk from a raw file or NBD to an image file or NBD; --manifest proves it, --base and --resume send only what is missing.',
  async run(args, terminal: Terminal) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        format: { type: 'string' },
        manifest: { type: 'string' },
        base: { type: 'string' },
        resume: { type: 'boolean' },
        verify: { type: 'boolean' },
        connections: { type: 'string' },
        limit: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    const [source, target, ...surplus] = positionals;
    if (surplus.length > 0) throw usageError('target', `'${surplus[0]}' is one argument too many: octopus copy ${usage}`);
    for (const name of ['manifest', 'base'] as const) {
      if (values[name] === '') throw usageError(name, `--${name} needs the name of a file.`);
    }
    // Loaded only now, so that the other commands do not wait for it.
    const { copyImage } = await import('./copy-image.ts');
    const result = await copyImage({ ...values, source, target, usage: `octopus copy ${usage}` }, terminal);
    if (values.json) {
      terminal.out(JSON.stringify(result, undefined, 2));
      return 0;
    }
    const { bytes } = await import('./progress.ts');
    const parts = [`${bytes(result.sent)} sent`, `${bytes(result.zero)} zero`];
    if (result.unchanged > 0) parts.push(`${bytes(result.unchanged)} unchanged`);
    if (result.resumed > 0) parts.push(`${bytes(result.resumed)} done before`);
    terminal.out(`Copied ${bytes(result.size)} in ${result.seconds.toFixed(1)} s: ${parts.join(', ')}.`);
    if (result.verified !== undefined) terminal.out(`Verified: ${bytes(result.verified)} read back from the target are what was copied.`);
    if (result.manifest !== undefined) terminal.out(`Manifest: ${result.manifest}, root ${result.root}`);
    return 0;
  },
};
