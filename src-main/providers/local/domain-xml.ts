import type { MachineInventory } from '../../domain/machine.ts';

export interface DomainImage {
  /** Absolute. */
  path: string;
  /** Also the serial number of the disk. */
  key: number;
}

/**
 * The machine for libvirt (`virsh create domain.xml`): https://libvirt.org/formatdomain.html.
 * Disks are SATA, which the guests of vSphere can start from without further drivers, and transient: what the guest writes is
 * thrown away, as the point must stay what was proven. UEFI is OVMF as libvirt
 * itself picks it. Networks of vSphere are named in comments; each card is on libvirt's `default`.
 */
export function domainXml(machine: MachineInventory, images: DomainImage[]): string {
  const efi = machine.firmware === 'efi';
  const secure = efi && machine.secureBoot;
  const firmware = secure ? '\n    <firmware>\n      <feature enabled="yes" name="secure-boot"/>\n    </firmware>' : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<domain type="kvm">
  <name>${escapeXml(domainName(machine.name))}</name>
  <uuid>${escapeXml(machine.instanceUuid)}</uuid>
  <description>${escapeXml(`Recovery point of ${machine.name} (${machine.guestName}), made by Octopus.`)}</description>
  <memory unit="b">${machine.memory}</memory>
  <vcpu>${machine.cpus}</vcpu>
  <os${efi ? ' firmware="efi"' : ''}>
    <type arch="x86_64" machine="q35">hvm</type>${firmware}${secure ? '\n    <loader secure="yes"/>' : ''}
    <boot dev="hd"/>
  </os>
  <features>
    <acpi/>
    <apic/>${secure ? '\n    <smm state="on"/>' : ''}
  </features>
  <cpu mode="host-passthrough"/>
  <devices>
${images.map(diskXml).join('\n')}
${machine.adapters.map(adapterXml).join('\n')}
    <serial type="pty"/>
    <console type="pty"/>
    <graphics type="vnc" listen="127.0.0.1"/>
    <video>
      <model type="vga"/>
    </video>
  </devices>
</domain>
`;
}

function diskXml(image: DomainImage, index: number): string {
  return `    <disk type="file" device="disk">
      <driver name="qemu" type="raw" discard="unmap"/>
      <source file="${escapeXml(image.path)}"/>
      <target dev="sd${letters(index)}" bus="sata"/>
      <serial>${image.key}</serial>
      <transient/>
    </disk>`;
}

function adapterXml(adapter: MachineInventory['adapters'][number]): string {
  return `    <!-- ${escapeXml(`${adapter.label}: ${adapter.network}`).replace(/-(?=-)/g, '- ')} -->
    <interface type="network">
      <mac address="${escapeXml(adapter.mac)}"/>
      <source network="default"/>
      <model type="${adapterModel(adapter.model)}"/>
    </interface>`;
}

/** QEMU has the same cards as vSphere, so that a guest keeps its driver and its settings. */
export function adapterModel(vsphereModel: string): 'vmxnet3' | 'e1000' | 'e1000e' {
  const name = vsphereModel.toLowerCase();
  if (name.includes('e1000e')) return 'e1000e';
  return name.includes('e1000') || name.includes('pcnet') ? 'e1000' : 'vmxnet3';
}

/** libvirt refuses a slash and a line break in a name. */
const domainName = (name: string): string => name.replace(/[/\p{Cc}]/gu, '_');

/** a … z, aa, ab … */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

/** Also drops what XML 1.0 cannot hold at all. */
export function escapeXml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (character) => names[character] ?? '');
}
