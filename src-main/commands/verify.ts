import { parseArgs } from 'node:util';
import { type Command, usageError } from './command.ts';

const usage = 'IMAGE --manifest FILE [--json]';

export const verifyCommand: Command = {
  name: 'verify',
  usage,
  summary: 'Reads an image (raw, VHD, qcow2 or NBD) and compares every block with a manifest.',
  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { manifest: { type: 'string' }, json: { type: 'boolean' } },
    });
    const [image, ...surplus] = positionals;
    if (surplus.length > 0) throw usageError('image', `'${surplus[0]}' is one argument too many: octopus verify ${usage}`);
    if (!values.manifest) throw usageError('manifest', `--manifest FILE is missing: octopus verify ${usage}`);
    const { verifyImage } = await import('./verify-image.ts');
    const result = await verifyImage({ image, manifest: values.manifest, usage: `octopus verify ${usage}` }, terminal);
    if (values.json) {
      terminal.out(JSON.stringify(result, undefined, 2));
    } else if (result.proven) {
      const { bytes } = await import('./progress.ts');
      terminal.out(`${image} is what the manifest says: ${bytes(result.verified)}, root ${result.root}`);
    } else if (result.imageSize !== result.size) {
      terminal.err(`${image} has ${result.imageSize} bytes and the manifest is of a disk of ${result.size}.`);
    } else {
      for (const { offset, length } of result.mismatches) terminal.err(`differs: ${length} bytes at offset ${offset}`);
      terminal.err(`${image} is NOT what the manifest says: ${result.mismatchCount} blocks differ.`);
    }
    return result.proven ? 0 : 1;
  },
};
