import type { LabMachineSpec } from './types.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const debian = { guestId: 'debian12_64Guest', guestName: 'Debian GNU/Linux 12 (64-bit)' };
const redHat = { guestId: 'rhel9_64Guest', guestName: 'Red Hat Enterprise Linux 9 (64-bit)' };
const windows = { guestId: 'windows2019srv_64Guest', guestName: 'Microsoft Windows Server 2019 (64-bit)' };

/**
 * A small company's machines, for whoever tries Octopus: each is copied within seconds, and among them is one of every kind that a data
 * centre makes difficult.
 * Three of their guests write all the time.
 */
export function sampleMachines(): LabMachineSpec[] {
  const production = { folder: 'Production', cluster: 'Cluster A', datastore: 'datastore1' };
  const office = { folder: 'Office', cluster: 'Cluster A', datastore: 'datastore2' };
  const test = { folder: 'Test', cluster: 'Cluster B', datastore: 'nfs backup' };
  return [
    {
      name: 'web-01',
      ...production,
      ...debian,
      firmware: 'efi',
      disks: [{ size: 384 * MiB, fill: 1 }],
      cpus: 2,
      tags: ['critical'],
      churn: 1,
    },
    { name: 'web-02', ...production, ...debian, firmware: 'efi', disks: [{ size: 384 * MiB, fill: 2 }], cpus: 2 },
    {
      name: 'db-01',
      ...production,
      ...redHat,
      firmware: 'efi',
      changeTracking: true,
      churn: 2,
      cpus: 4,
      memory: 8 * GiB,
      tags: ['critical'],
      disks: [
        { size: 256 * MiB, fill: 3 },
        { size: 1 * GiB, fill: 4 },
      ],
    },
    { name: 'shop', ...production, ...debian, disks: [{ size: 512 * MiB, fill: 5 }], networks: ['VM Network', 'dvPortGroup-20'] },
    { name: 'mail', ...office, ...debian, changeTracking: true, churn: 3, memory: 4 * GiB, disks: [{ size: 768 * MiB, fill: 6 }] },
    {
      name: 'file server',
      ...office,
      ...windows,
      firmware: 'efi',
      disks: [
        { size: 256 * MiB, fill: 7 },
        { size: 2 * GiB, fill: 8 },
      ],
    },
    { name: 'directory', ...office, ...windows, firmware: 'efi', secureBoot: true, disks: [{ size: 512 * MiB, fill: 9 }] },
    // Somebody's snapshots stand in the way of change tracking.
    { name: 'wiki', ...office, ...windows, foreignSnapshots: ['before the update'], disks: [{ size: 384 * MiB, fill: 10 }] },
    { name: 'build', ...test, ...redHat, poweredOn: false, disks: [{ size: 256 * MiB, fill: 11 }] },
    // Too old for change tracking.
    { name: 'legacy', ...test, ...debian, hardwareVersion: 4, tools: 'notInstalled', disks: [{ size: 128 * MiB, fill: 12 }] },
    // Snapshots leave an independent disk out.
    {
      name: 'tape archive',
      ...test,
      ...debian,
      disks: [
        { size: 256 * MiB, fill: 13 },
        { size: 1 * GiB, mode: 'independent_persistent' },
      ],
    },
    // Shares its disk with another machine: no snapshot can be taken.
    { name: 'shared node', ...test, ...redHat, disks: [{ size: 256 * MiB, fill: 14, sharing: 'virtual' }] },
  ];
}
