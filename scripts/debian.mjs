// Debian packages that a part needs: as root they are installed by name after saying so, otherwise the exact command is printed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { REQUIRED_DEBIAN_PACKAGES as linuxDisk } from './linux-disk.mjs';
import { say } from './prepare.mjs';

/** For the demo: the boot of real Linux machines. */
export const bootPackages = ['qemu-system-x86', 'qemu-utils', 'ovmf', ...linuxDisk];
/** To compile keytar, the way to the system's keychain. */
export const keychainPackages = ['build-essential', 'libsecret-1-dev', 'pkg-config', 'python3'];
/** For the window. */
export const electronPackages = [
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libxss1',
  'libatk-bridge2.0-0',
  'libsecret-1-0',
  // Without it the desktop gets no notice of a run's end, and nothing else is amiss.
  'libnotify4',
  // Also where a display is: Debian has no other way to say that one may be missing.
  'xvfb',
  'xauth',
  ...keychainPackages,
];
/** For the journeys in the real application and in a browser, each with a display, a keyring and a network of its own. */
export const e2ePackages = [
  ...new Set([...bootPackages, ...electronPackages, 'chromium', 'gnome-keyring', 'dbus-daemon', 'iproute2', 'util-linux']),
];
/** For the tests and the bench: the programs that Octopus is judged with. */
export const testPackages = [
  ...new Set([
    ...bootPackages,
    'nbdkit',
    'libnbd-bin',
    'python3-pyvmomi',
    'golang-go',
    'golang-github-vmware-govmomi-dev',
    'slapd',
    'ldap-utils',
    'gnome-keyring',
    'dbus-daemon',
    ...electronPackages,
  ]),
];

// What also counts as installed: a newer Go than Debian's.
const standIns = { 'golang-go': () => spawnSync('go', ['version']).status === 0 };

function missing(packages) {
  const query = spawnSync('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\n', ...packages], { encoding: 'utf8' });
  const installed = new Set(
    (query.stdout ?? '')
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name) && !standIns[name]?.());
}

/** Answers the packages that are still missing afterwards. */
export function prepareDebianPackages(packages, purpose) {
  const lacking = missing(packages);
  if (lacking.length === 0) return [];
  const command = `apt-get install -y --no-install-recommends ${lacking.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say(`${purpose} needs Debian packages that are not installed. Install them with:\n  sudo ${command}`);
    return lacking;
  }
  say(`${purpose} needs Debian packages; installing: ${lacking.join(' ')} …`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args) => spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], { env: environment, encoding: 'utf8' });
  apt(['update']);
  const install = apt(['install', '-y', '--no-install-recommends', ...lacking]);
  if (install.status !== 0) say(`apt-get failed: ${(install.stderr ?? '').trim().split('\n').slice(-3).join(' ')}\n  by hand: ${command}`);
  // Debian starts a directory server on its own ports; the tests start theirs.
  if (lacking.includes('slapd')) {
    spawnSync('invoke-rc.d', ['slapd', 'stop']);
    spawnSync('update-rc.d', ['slapd', 'disable']);
  }
  return missing(packages);
}
