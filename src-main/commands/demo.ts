import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type LabVcenter, startLabVcenter } from '../../lab/vcenter/lab-vcenter.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { type Octopus, openOctopus } from '../octopus.ts';
import { type ReplicationEvent, replicaId } from '../replication/context.ts';
import type { Command, OptionTable, Terminal } from './command.ts';
import { count } from './count.ts';
import { compareWithLab } from './demo/compare-disks.ts';
import { type DemoMachine, demoMachines } from './demo/demo-machines.ts';
import { type DemoReport, describeBoot, describeRun, downtime, mebibytes, runLine } from './demo/demo-report.ts';
import { makeWorkFolder, removeLeftovers, stopStarted } from './demo/work-folder.ts';
import { requireFolderOf } from './named-file.ts';
import { parseOptions } from './parse-options.ts';
import { openStatus, type Status } from './status.ts';

const BOOT_TIMEOUT = 180_000;

const options = {
  json: { value: 'FILE', help: 'writes what was done, and how long it took (bytes and seconds), to FILE as JSON' },
  keep: { value: 'FOLDER', help: 'leaves the replicas in FOLDER; without it they are removed at the end' },
} as const satisfies OptionTable;

export const demoCommand: Command & { options: typeof options } = {
  name: 'demo',
  usage: '[--json FILE] [--keep FOLDER]',
  summary: 'Replicates, proves, boots and cuts over machines of a simulated vCenter; --keep leaves the replicas in FOLDER.',
  options,
  run: demo,
};

interface Stage {
  lab: LabVcenter;
  octopus: Octopus;
  machines: DemoMachine[];
  targetId: string;
  sourceId: string;
  jobs: Map<string, string>;
  report: DemoReport;
  terminal: Terminal;
  status: Status;
  folder: string;
  poweredOffAt: number;
}

async function demo(args: string[], terminal: Terminal): Promise<number> {
  const { values } = parseOptions(demoCommand, args);
  if (values.json !== undefined) await requireFolderOf('json', values.json);
  // Set by the script that prepares the machine, when the programs for the boot could not be had.
  const lacking = process.env.OCTOPUS_DEMO_WITHOUT_BOOT;
  const leftovers = await removeLeftovers();
  if (leftovers > 0) terminal.out(`Removed ${count(leftovers, 'temporary folder')} of demos that were killed.`);
  await using work = await makeWorkFolder();
  const folder = values.keep === undefined ? work.replicas : resolve(values.keep);
  using status = openStatus(terminal);
  const started = Date.now();
  const report: DemoReport = { proven: false, seconds: 0, runs: [], boots: [], leftOut: [], snapshotsLeft: 0 };
  try {
    if (lacking) {
      report.leftOut.push('boot, cutover');
      terminal.out(`Left out: booting the replicas and the cutover, which need the Debian packages ${lacking}.`);
    }
    terminal.out('Octopus demo: building the machines …');
    status.show('   building the disks …');
    const machines = await demoMachines(join(work.path, 'machines'), !lacking, terminal.signal);
    status.clear();
    await perform(machines, folder, report, terminal, status);
    report.seconds = (Date.now() - started) / 1000;
    report.proven = true;
    terminal.out(`\nDone in ${report.seconds.toFixed(0)} s: every copy was read back and compared; no snapshot is left on the source.`);
    if (values.keep !== undefined) terminal.out(`The replicas, their manifests and libvirt domains are in ${folder}`);
  } finally {
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return 0;
}

async function perform(machines: DemoMachine[], folder: string, report: DemoReport, terminal: Terminal, status: Status): Promise<void> {
  const specs = machines.map(({ spec }) => spec);
  await using lab = await startLabVcenter({ seed: 1, machines: specs, churn: 7, taskMs: 50 });
  const stage = { lab, machines, report, terminal, status, folder, jobs: new Map<string, string>(), poweredOffAt: 0 } as Stage;
  await using octopus = await openOctopus({ stateFolder: folder, onEvent: narrate(stage) });
  stage.octopus = octopus;
  const { url, username, password, thumbprint } = lab;
  terminal.out(`A simulated vCenter at ${url} runs ${specs.map(({ name }) => name).join(', ')}; their guests keep writing.`);
  stage.targetId = (await octopus.addLocalTarget(folder)).id;
  stage.sourceId = (await octopus.addSource({ url, username, password, thumbprint }, terminal.signal)).id;
  for (const { name } of specs) stage.jobs.set(name, (await octopus.addJob(stage.sourceId, name, stage.targetId, {}, terminal.signal)).id);

  terminal.out('\n1. First replication: everything is read; holes and zeros are not sent.');
  await runAll(stage, 'first');
  terminal.out('\n2. Again: only what the guests changed since.');
  lab.world.churn.tick({ rounds: 10 });
  await runAll(stage, 'second');
  terminal.out("\n3. The host of 'files' loses power, and vSphere its record of changes: all is read, only what differs is sent.");
  const files = lab.world.machineByName('files');
  files?.losePower();
  await files?.powerOn().done;
  lab.world.churn.tick({ rounds: 10 });
  await runOne(stage, 'after a power loss', 'files');
  if (report.leftOut.length === 0) {
    terminal.out('\n4. The newest recovery points are booted, isolated, on throw-away overlays.');
    for (const machine of machines) await boot(stage, machine);
    terminal.out("\n5. Cutover of 'web': shut down, final run, started at the target; then rolled back.");
    await cutOver(stage, 'web');
  }
  report.snapshotsLeft = [...lab.world.machines.values()].reduce((sum, { snapshots }) => sum + snapshots.size, 0);
  if (report.snapshotsLeft > 0)
    throw new OctopusError('internal.unexpected', `${count(report.snapshotsLeft, 'snapshot')} left on the source.`);
}

async function runAll(stage: Stage, step: string): Promise<void> {
  await Promise.all(stage.machines.map(({ spec }) => runOne(stage, step, spec.name)));
}

async function runOne(stage: Stage, step: string, name: string): Promise<void> {
  const done = await stage.octopus.replicator.run(stage.jobs.get(name)!, { signal: stage.terminal.signal });
  const described = describeRun(step, name, done);
  stage.report.runs.push(described);
  stage.terminal.out(`   ${runLine(described)}`);
  for (const doubt of described.doubts) stage.terminal.out(`          because: ${doubt}`);
}

async function boot(stage: Stage, { spec, console }: DemoMachine): Promise<void> {
  if (console === undefined) return;
  const { octopus, terminal, status, report } = stage;
  const { provider, id, points } = await replica(stage, spec.name);
  status.show(`   booting ${spec.name} …`);
  const seen = await provider.observeBoot(id, points[0]!.id, { console, timeoutMs: BOOT_TIMEOUT }, terminal.signal);
  status.clear();
  report.boots.push(describeBoot(spec.name, seen));
  if (!seen.passed) throw new OctopusError('verify.boot', `The replica of ${spec.name} did not start as expected: ${seen.evidence}`);
  terminal.out(
    `   ${spec.name.padEnd(6)}  ${spec.firmware === 'efi' ? 'UEFI' : 'BIOS'}  "${console}"  ${(seen.tookMs / 1000).toFixed(1)} s ✓`,
  );
  await octopus.store.activity.add({ at: new Date().toISOString(), action: 'boot.verified', subject: spec.name, message: seen.evidence });
}

async function cutOver(stage: Stage, name: string): Promise<void> {
  const { id } = await replica(stage, name);
  try {
    await cutOverAndBack(stage, name);
  } catch (error) {
    // A cutover that was stopped behind its last step is not rolled back: the machine runs on, and its folder goes with the demo.
    await stopStarted(stage.folder, [id]);
    throw error;
  }
}

async function cutOverAndBack(stage: Stage, name: string): Promise<void> {
  const { octopus, terminal, status, report, lab } = stage;
  const jobId = stage.jobs.get(name)!;
  const cutover = await octopus.replicator.cutover(jobId, { shutdownDeadlineMs: 30_000 }, terminal.signal);
  status.clear();
  const { id, points } = await replica(stage, name);
  const images = points[0]!.disks.map(({ key, image }) => ({ key, path: join(stage.folder, id, 'points', points[0]!.id, image) }));
  const comparedBytes = await compareWithLab(lab.world, name, images);
  const downtimeSeconds = downtime(cutover, stage.poweredOffAt);
  terminal.out(`   ${name.padEnd(6)}  powered off (${cutover.poweredOff}), final run proven, running at the target in QEMU`);
  terminal.out(`           down for ${downtimeSeconds.toFixed(1)} s; ${mebibytes(comparedBytes)} compared with the source byte for byte ✓`);
  const { undone } = await octopus.replicator.rollback(jobId, terminal.signal);
  for (const sentence of undone) terminal.out(`           rolled back: ${sentence}`);
  report.cutover = { machine: name, poweredOff: cutover.poweredOff, downtimeSeconds, comparedBytes, undone };
}

async function replica(stage: Stage, name: string) {
  const job = await stage.octopus.store.jobs.find(stage.jobs.get(name)!);
  const machine = await stage.octopus.machine(job!.machineId);
  const provider = await stage.octopus.target(stage.targetId);
  const id = replicaId(machine);
  return { provider, id, points: await provider.recoveryPoints(id, stage.terminal.signal) };
}

/** One status line for all machines that are at work. */
function narrate(stage: Stage): (event: ReplicationEvent) => void {
  const names = new Map<string, string>();
  const disks = new Map<string, { name: string; activity: string; done: number; total: number }>();
  return (event) => {
    if (event.type === 'run') names.set(event.runId, event.machine);
    else if (event.type === 'cutover') {
      if (event.phase === 'final-run') stage.poweredOffAt = Date.now();
      stage.status.show(`   cutover: ${event.phase} …`);
    } else if (event.type === 'retry') stage.terminal.err(`   ${event.message} Trying again (${event.attempt}).`);
    else if (event.type === 'ended') {
      for (const key of [...disks.keys()].filter((key) => key.startsWith(event.run.id))) disks.delete(key);
      if (disks.size === 0) stage.status.clear();
    }
    if (event.type !== 'progress') return;
    disks.set(`${event.runId} ${event.key}`, { name: names.get(event.runId) ?? '', ...event });
    const byMachine = Map.groupBy(disks.values(), ({ name }) => name);
    const parts = [...byMachine].map(([name, all]) => {
      const done = all.reduce((sum, disk) => sum + disk.done, 0);
      const total = all.reduce((sum, disk) => sum + disk.total, 0);
      const share = total === 0 ? 1 : done / total;
      const filled = Math.round(share * 16);
      return `${name} ${all[0]!.activity} [${'█'.repeat(filled)}${'░'.repeat(16 - filled)}] ${Math.floor(share * 100)} %`;
    });
    stage.status.show(`   ${parts.join('   ')}`);
  };
}
