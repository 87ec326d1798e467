// Run as a process of its own and killed by the test: writes secret after secret and says which ones are answered.
import { openEncryptedFile } from '../encrypted-file.ts';

const [path = '', passphrase = '', start = '0'] = process.argv.slice(2);
const store = await openEncryptedFile({ path, passphrase: async () => passphrase });
for (let index = Number(start); ; index++) {
  await store.set(`source:${index % 5}`, `${index} ${'x'.repeat(20_000)}`);
  process.stdout.write(`${index}\n`);
}
