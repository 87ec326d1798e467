// The worker and the command line are tested as they ship: bundled.
import { bundle } from './bundle.mjs';

export default async function setup() {
  await bundle();
}
