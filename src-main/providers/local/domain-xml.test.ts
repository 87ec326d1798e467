import { expect, test } from 'vitest';
import type { MachineInventory } from '../../domain/machine.ts';
import { domainXml } from './domain-xml.ts';
import { machineArguments } from './qemu/machine-arguments.ts';

function machine(changes: Partial<MachineInventory>): MachineInventory {
  const shape = { ref: 'vm-1', instanceUuid: '50000000-0000-4000-8000-000000000001', name: 'web', folder: '', host: 'esx', cluster: '' };
  const state = {
    powerState: 'on',
    firmware: 'bios',
    secureBoot: false,
    guestId: 'debian12_64Guest',
    guestName: 'Debian',
    tools: '',
  } as const;
  const size = { cpus: 1, memory: 2 ** 30, hardwareVersion: 19, changeTracking: true, template: false, tags: [], disks: [], adapters: [] };
  return { ...shape, ...state, ...size, snapshotCount: 0, consolidationNeeded: false, ...changes };
}

test('a name or a network with any run of dashes leaves the description well-formed', () => {
  for (const network of ['a--b', 'a---b', 'a----', '-->', '--', '-']) {
    const adapter = { key: 4000, label: '-', mac: '00:50:56:00:00:01', network, model: 'VirtualVmxnet3' };
    const comments = [...domainXml(machine({ adapters: [adapter] }), []).matchAll(/<!--([\s\S]*?)-->/g)].map(([, text]) => text);
    // XML 1.0, section 2.5.
    expect(comments).toHaveLength(1);
    expect(comments[0]).not.toMatch(/--|-$/);
  }
});

test('libvirt takes a name without slashes and on one line only', () => {
  const name = /<name>([\s\S]*?)<\/name>/.exec(domainXml(machine({ name: 'web/a\nb\tc<' }), []))?.[1];
  expect(name).toBe('web_a_b_c&lt;');
});

test('QEMU takes a name with = and commas for a name, not for another option', () => {
  const files = { disks: [], uefi: undefined, console: '/c', monitor: '/m' };
  const args = machineArguments({ machine: machine({ name: 'web=prod,process=x' }), accelerator: 'tcg', purpose: 'observed', ...files });
  expect(args[args.indexOf('-name') + 1]).toBe('guest=web=prod,,process=x');
});
