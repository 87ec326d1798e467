import { createRandom } from './random.ts';
import type { LabMachineSpec } from './types.ts';

const GiB = 1024 ** 3;
const roles = ['web', 'db', 'app', 'cache', 'build', 'mail', 'file server', 'prüfung'];
const stages = ['Production', 'Staging', 'Test'];
const guests = [
  { guestId: 'debian12_64Guest', guestName: 'Debian GNU/Linux 12 (64-bit)' },
  { guestId: 'ubuntu64Guest', guestName: 'Ubuntu Linux (64-bit)' },
  { guestId: 'rhel9_64Guest', guestName: 'Red Hat Enterprise Linux 9 (64-bit)' },
  { guestId: 'windows2019srv_64Guest', guestName: 'Microsoft Windows Server 2019 (64-bit)' },
];

/** Machines as a data centre has them: mostly ordinary, some in each way that matters difficult. Their guests do not write. */
export function generateMachines(seed: number, count: number): LabMachineSpec[] {
  const random = createRandom(seed);
  const pick = <T>(from: T[]): T => from[random.below(from.length)]!;
  const chance = (probability: number) => random.unit() < probability;
  const clusters = Math.max(1, Math.ceil(count / 1000));
  const stores = Math.max(2, Math.ceil(count / 250));
  const machines: LabMachineSpec[] = [];
  for (let number = 1; number <= count; number++) {
    const role = pick(roles);
    const stage = pick(stages);
    const guest = pick(guests);
    const disks: LabMachineSpec['disks'] = [];
    for (let disk = 0; disk < 1 + random.below(3); disk++) {
      disks.push({ size: (4 + random.below(196)) * GiB, fill: random.uint32(), thin: chance(0.7) });
    }
    if (chance(0.02)) disks.push({ size: 8 * GiB, mode: 'independent_persistent' });
    if (chance(0.01)) disks.push({ size: 8 * GiB, backing: 'physicalRdm' });
    const shared = chance(0.01);
    if (shared) disks[disks.length - 1]!.sharing = 'virtual'; // such a machine has no snapshots
    machines.push({
      name: `${role}-${stage.toLowerCase()}-${String(number).padStart(4, '0')}`,
      ...guest,
      firmware: chance(0.5) ? 'efi' : 'bios',
      disks,
      poweredOn: chance(0.8),
      changeTracking: chance(0.3),
      churn: false,
      cpus: pick([1, 2, 4, 8]),
      memory: pick([1, 2, 4, 8, 16]) * GiB,
      hardwareVersion: chance(0.02) ? 4 : pick([11, 13, 15, 19, 20]),
      tools: chance(0.1) ? pick(['notRunning', 'notInstalled'] as const) : 'running',
      guestShutdown: chance(0.05) ? 'ignores' : 'obeys',
      folder: `${stage}/${role.charAt(0).toUpperCase()}${role.slice(1)}`,
      cluster: clusters === 1 ? 'Cluster A' : `Cluster ${String(1 + random.below(clusters)).padStart(2, '0')}`,
      datastore: chance(0.05) ? 'nfs backup' : `datastore${1 + random.below(stores)}`,
      networks: chance(0.2) ? ['VM Network', 'dvPortGroup-20'] : [pick(['VM Network', 'dvPortGroup-10', 'dvPortGroup-20'])],
      tags: chance(0.4) ? [stage.toLowerCase(), ...(chance(0.3) ? ['critical'] : [])] : [],
      ...(chance(0.05) && !shared ? { foreignSnapshots: 1 + random.below(2) } : {}),
    });
  }
  return machines;
}
