// Builds vcsim (scripts/vcsim/main.go) into .cache/ once and answers its path. Needs Debian's golang-go and
// golang-github-vmware-govmomi-dev; works offline, with Debian's Go as well as with a newer one.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const sources = '/usr/share/gocode';

export function buildVcsim() {
  const main = join(root, 'scripts', 'vcsim', 'main.go');
  const version = createHash('sha256').update(readFileSync(main)).digest('hex').slice(0, 12);
  const program = join(root, '.cache', `vcsim-${version}`);
  if (existsSync(program)) return program;
  if (!existsSync(join(sources, 'src/github.com/vmware/govmomi/simulator'))) {
    throw new Error(
      "The tests against vcsim need Debian's packages: apt-get install --no-install-recommends golang-go golang-github-vmware-govmomi-dev",
    );
  }
  mkdirSync(dirname(program), { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'octopus-vcsim-'));
  try {
    const built = join(dirname(program), `vcsim-${process.pid}.tmp`);
    // GOPATH mode: the sources come from Debian's package and nothing is fetched.
    const env = { ...process.env, GOPATH: sources, GO111MODULE: 'off', GOFLAGS: '', GOCACHE: join(work, 'cache'), CGO_ENABLED: '0' };
    execFileSync('go', ['build', '-o', built, main], { env, stdio: ['ignore', 'ignore', 'inherit'], cwd: work });
    renameSync(built, program);
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error("The tests against vcsim need Debian's package golang-go.", { cause: error });
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}

if (process.argv[1] === import.meta.filename) console.log(buildVcsim());
