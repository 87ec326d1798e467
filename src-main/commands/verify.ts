import { type Command, type OptionTable, seeHelp, usageError } from './command.ts';
import { count } from './count.ts';
import { parseOptions, required } from './parse-options.ts';

const usage = 'IMAGE --manifest FILE [--json]';

const options = {
  manifest: { value: 'FILE', help: 'the manifest, as octopus copy --manifest or a recovery point holds it' },
  json: { help: 'writes the result to standard output as JSON; sizes in bytes' },
} as const satisfies OptionTable;

export const verifyCommand: Command & { options: typeof options } = {
  name: 'verify',
  usage,
  summary: 'Reads an image (raw, VHD, qcow2 or NBD) and compares every block with a manifest.',
  operands: { IMAGE: 'an image file, nbd://host:port/export or nbd+unix:///export?socket=PATH' },
  options,
  async run(args, terminal) {
    const { values, operands } = parseOptions(verifyCommand, args);
    const [image, ...surplus] = operands;
    if (surplus.length > 0) throw usageError('image', `'${surplus[0]}' is one argument too many; ${seeHelp('verify')}.`);
    const manifest = required(verifyCommand, values, 'manifest');
    const { verifyImage } = await import('./verify-image.ts');
    const result = await verifyImage({ image, manifest }, terminal);
    if (values.json) {
      terminal.out(JSON.stringify(result, undefined, 2));
    } else if (result.proven) {
      const { bytes } = await import('./progress.ts');
      terminal.out(`${image} is what the manifest says: ${bytes(result.verified)}, root ${result.root}`);
    } else if (result.imageSize !== result.size) {
      terminal.err(`${image} has ${result.imageSize} bytes and the manifest is of a disk of ${result.size}.`);
    } else {
      for (const { offset, length } of result.mismatches) terminal.err(`differs: ${length} bytes at offset ${offset}`);
      const { mismatchCount } = result;
      terminal.err(
        `${image} is NOT what the manifest says: ${count(mismatchCount, 'block')} ${mismatchCount === 1 ? 'differs' : 'differ'}.`,
      );
    }
    return result.proven ? 0 : 1;
  },
};
