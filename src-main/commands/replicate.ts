import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OctopusError, serializeError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Cutover } from '../domain/cutover.ts';
import { defaultJobSettings } from '../domain/job.ts';
import { type Octopus, openOctopus, type SourceConnection } from '../octopus.ts';
import { machineFolders } from '../providers/local/layout.ts';
import type { BootObservation } from '../providers/target.ts';
import { type RunReport, replicaId } from '../replication/context.ts';
import type { Recovered } from '../replication/replicator.ts';
import { type Command, type OptionTable, type Terminal, usageError } from './command.ts';
import { count } from './count.ts';
import { readNamed } from './named-file.ts';
import { parseOptions, required } from './parse-options.ts';
import { type CutoverWarning, cutoverWarnings, parseAccepted, requireEachAccepted } from './replicate/cutover-warnings.ts';
import { mebibytes, type Narration, narrate } from './replicate/narration.ts';

const usage =
  '--info FILE.json --machine NAME --to FOLDER [--cutover [--accept CODE,…] | --rollback] [--expect-console TEXT] [--boot-timeout SECONDS] [--keep N] [--json]';

const BOOT_TIMEOUT = '300';
const MOST_POINTS = 1000;

const options = {
  info: {
    value: 'FILE.json',
    help: 'how the source is reached: {"url", "username", "password", "thumbprint"}; octopus lab --info writes one',
  },
  machine: { value: 'NAME', help: 'the machine, by its name or its reference (vm-123)' },
  to: { value: 'FOLDER', help: 'where the replica, its recovery points and the state of the replication (octopus.db) are kept' },
  cutover: {
    help: 'moves the machine for good: a run, power off, a final run, start from FOLDER with QEMU;\nwith --expect-console the replica is booted after each of the two runs, so also before the power off',
  },
  accept: {
    value: 'CODE,…',
    help: 'begins the cutover although its checks warn: the code of each warning that is taken on, as the refusal names it,\nor all; without it a cutover that is warned against is not begun, and the warnings are told',
  },
  rollback: { help: 'undoes the cutover: stops the machine in FOLDER, discards what it wrote, powers the source on' },
  'expect-console': {
    value: 'TEXT',
    help: 'boots the recovery point, isolated, and fails unless its serial console shows TEXT;\nwithout it nothing is booted to see whether it starts, also before a cutover',
  },
  'boot-timeout': { value: 'SECONDS', help: `seconds that TEXT may take to appear (default: ${BOOT_TIMEOUT})` },
  keep: {
    value: 'N',
    help: `recovery points that are kept, 1 to ${MOST_POINTS}; older ones are removed by each run\n(default: what the last run was given, else ${defaultJobSettings.keep})`,
  },
  json: { help: 'writes the result to standard output as JSON; sizes in bytes' },
} as const satisfies OptionTable;

export const replicateCommand: Command & { options: typeof options } = {
  name: 'replicate',
  usage,
  summary: 'Replicates a machine into a folder, proven block by block: everything the first time, then what changed.',
  options,
  run: replicate,
};

interface Outcome {
  /** Everything that was asked for is done and proven. */
  proven: boolean;
  machine: string;
  /** `kept`: bytes of an interrupted run that were durable and not sent again. */
  recovered: (Recovered & { kept?: number })[];
  run?: ReturnType<typeof describeRun>;
  /** The recovery point was booted and showed what --expect-console asked for. */
  bootVerified: boolean;
  boot?: BootObservation;
  /** Ids of the recovery points that had to go, by --keep. */
  removedPoints: string[];
  /** What the checks before a cutover warned against. */
  warnings?: CutoverWarning[];
  cutover?: Cutover;
  error?: ReturnType<typeof serializeError>;
}

async function replicate(args: string[], terminal: Terminal): Promise<number> {
  const options = parse(args);
  const connection = await readConnection(options.info);
  const outcome: Outcome = { proven: false, machine: options.machine, recovered: [], bootVerified: false, removedPoints: [] };
  using narration = narrate(terminal);
  try {
    await perform(options, connection, outcome, terminal, narration);
    outcome.proven = true;
  } catch (caught) {
    const error = terminal.signal.aborted ? interruption(options, outcome, narration, caught) : withHint(options, caught);
    outcome.error = serializeError(error);
    throw error;
  } finally {
    if (options.json) terminal.out(JSON.stringify(outcome, null, 2));
  }
  return 0;
}

type Options = ReturnType<typeof parse>;

/** What is wrong is told as everywhere; which option mends it only here. */
function withHint(options: Options, caught: unknown): unknown {
  const error = toOctopusError(caught);
  if (options.rollback || error.code !== 'job.state' || !error.message.includes('roll that back')) return caught;
  return new OctopusError(error.code, `${error.message} The option --rollback does.`, { cause: caught });
}

/** What Ctrl+C left, and how it goes on. */
function interruption(options: Options, outcome: Outcome, narration: Narration, cause: unknown): OctopusError {
  const told = (text: string) => new OctopusError('operation.cancelled', text, { cause });
  if (options.rollback) return told('Interrupted. The same command continues the rollback.');
  if (options.cutover) {
    // A cutover tells itself what it undid.
    const undone = toOctopusError(cause).message.replace(/^The operation was cancelled\.\s*/, '');
    const parts = [
      'Interrupted.',
      undone,
      'The same command does the cutover again, or finishes it where the machine runs at the target already.',
    ];
    return told(parts.filter((part) => part !== '').join(' '));
  }
  if (outcome.run !== undefined)
    return told(`Interrupted: the run is proven, only its boot was not seen (recovery point ${outcome.run.recoveryPoint.id}).`);
  const { done, total } = narration.transferred();
  if (done === 0) return told('Interrupted. Nothing had been copied yet. The same command begins again.');
  return told(
    `Interrupted after ${mebibytes(done)} of ${mebibytes(total)}; the last recovery point is as it was. The same command continues where it stopped: what is at the target is compared and not sent again.`,
  );
}

/** Nothing is made in the folder for a source that cannot be reached, or a machine that it does not have. */
async function open(options: Options, connection: SourceConnection, terminal: Terminal, narration: Narration): Promise<Octopus> {
  if (options.rollback && !existsSync(join(options.to, 'octopus.db'))) {
    throw new OctopusError('job.state', `${options.machine} was never replicated to ${options.to}, so there is nothing to roll back.`);
  }
  const { connectVsphere } = await import('../providers/vsphere/connect-vsphere.ts');
  const { password } = connection;
  const provider = await connectVsphere({ ...connection, password: async () => password }, terminal.signal);
  try {
    await provider.machine(options.machine, terminal.signal);
    return await openOctopus({ stateFolder: options.to, onEvent: narration.onEvent, connectSource: async () => provider });
  } catch (error) {
    await provider[Symbol.asyncDispose]();
    throw error;
  }
}

async function perform(
  options: Options,
  connection: SourceConnection,
  outcome: Outcome,
  terminal: Terminal,
  narration: Narration,
): Promise<void> {
  const { signal } = terminal;
  const say = (line: string) => (options.json ? terminal.err(line) : terminal.out(line));
  await using octopus = await open(options, connection, terminal, narration);
  const source = await octopus.addSource(connection, signal);
  const target = await octopus.addLocalTarget(options.to);
  const settings = options.keep === undefined ? {} : { keep: options.keep };
  const job = await octopus.addJob(source.id, options.machine, target.id, settings, signal);
  const machine = await octopus.machine(job.machineId);
  const points = machineFolders(options.to, replicaId(machine)).points;
  outcome.machine = machine.inventory.name;
  const before = (await octopus.store.recoveryPoints.ofJob(job.id)).map(({ id }) => id);
  const isHalfDone = async () => (await octopus.store.cutovers.unfinished()).some(({ jobId }) => jobId === job.id);
  const requireAccepted = async () => {
    const { state } = (await octopus.store.jobs.find(job.id)) ?? job;
    // One that goes on was accepted when it was begun.
    if (!options.cutover || state === 'cut-over' || (await isHalfDone())) return;
    outcome.warnings = await cutoverWarnings(octopus, job, options, signal);
    requireEachAccepted(outcome.warnings, options.accept, terminal);
  };
  await requireAccepted();
  const resumedAt = await recover(octopus, outcome, terminal);
  // A rollback that was interrupted has come to its end: another cutover begins.
  if (outcome.warnings === undefined) await requireAccepted();
  const noteRemoved = async () => {
    const left = new Set((await octopus.store.recoveryPoints.ofJob(job.id)).map(({ id }) => id));
    outcome.removedPoints = before.filter((id) => !left.has(id));
    if (outcome.removedPoints.length === 0) return;
    terminal.err(
      `${count(outcome.removedPoints.length, 'older recovery point')} removed (--keep ${job.settings.keep}): ${outcome.removedPoints.join(', ')}`,
    );
  };

  if (options.rollback) {
    const [last] = await octopus.store.cutovers.ofJob(job.id);
    const recovered = outcome.recovered.find(({ what, id }) => what === 'cutover' && id === last?.id);
    // What is still half done is no reason to say that there is nothing to roll back: the source may be off.
    if (recovered?.outcome === 'postponed') throw new OctopusError('job.state', `${recovered.message} The same command tries again.`);
    const ended = recovered !== undefined && last?.state === 'rolled-back';
    outcome.cutover = ended ? last : await octopus.replicator.rollback(job.id, signal);
    say(`${outcome.machine}: rolled back. ${outcome.cutover.undone.join(' ')}`);
    return;
  }
  if (options.cutover) {
    const [last] = await octopus.store.cutovers.ofJob(job.id);
    // Asked anew: what was interrupted has come to its end since.
    if ((await octopus.store.jobs.find(job.id))?.state === 'cut-over' && last?.state === 'done') {
      outcome.cutover = last;
      outcome.bootVerified = last.settings.expectConsole !== undefined;
      say(`${outcome.machine} was already cut over at ${last.endedAt}; it runs at the target (${last.where}).`);
      return;
    }
    const settings = { expectConsole: options.expectConsole, bootTimeoutMs: options.bootTimeoutMs };
    if (settings.expectConsole === undefined) {
      terminal.err('The boot is not verified before the machine starts at the target: give --expect-console TEXT to have that done.');
    }
    outcome.cutover = await octopus.replicator.cutover(job.id, settings, signal);
    // One that was begun before keeps the settings that it was begun with.
    outcome.bootVerified = outcome.cutover.settings.expectConsole !== undefined;
    const final = outcome.cutover.finalRunId === undefined ? undefined : await octopus.store.runs.find(outcome.cutover.finalRunId);
    const point = final && (await octopus.store.recoveryPoints.ofJob(job.id)).find(({ id }) => id === final.recoveryPointId);
    if (final && point) outcome.run = describeRun({ run: final, disks: await octopus.store.runDisks.ofRun(final.id), point }, points);
    say(`${outcome.machine}: cut over; the source is powered off and the machine runs at the target (${outcome.cutover.where}).`);
    if (outcome.run) say(`  recovery point in ${outcome.run.folder}`);
    say(
      outcome.bootVerified
        ? '  boot verified before the power off and before the start'
        : '  boot NOT verified: --expect-console TEXT was not given',
    );
    await noteRemoved();
    return;
  }
  if (resumedAt !== undefined)
    terminal.err(`Another run follows: it brings what changed since ${resumedAt}, the snapshot of the resumed one.`);
  else await explainRepetition(octopus, job.id, terminal);
  const report = await octopus.replicator.run(job.id, { signal });
  outcome.run = describeRun(report, points);
  await noteRemoved();
  if (options.expectConsole !== undefined) {
    const provider = await octopus.target(target.id);
    const expectation = { console: options.expectConsole, timeoutMs: options.bootTimeoutMs };
    narration.show('booting the recovery point …');
    outcome.boot = await provider.observeBoot(replicaId(machine), report.point.id, expectation, signal);
    outcome.bootVerified = outcome.boot.passed;
    if (!outcome.boot.passed) {
      throw new OctopusError('verify.boot', `The replica of ${outcome.machine} did not start as expected: ${outcome.boot.evidence}`);
    }
  }
  say(summarize(outcome.machine, report, outcome.run.folder, outcome.boot));
}

/** Ends what an earlier process left and says what was kept of it. Answers when the snapshot of a run that was resumed was taken. */
async function recover(octopus: Octopus, outcome: Outcome, terminal: Terminal): Promise<string | undefined> {
  let resumedAt: string | undefined;
  for (const recovered of await octopus.replicator.recover(terminal.signal)) {
    const run = recovered.what === 'run' ? await octopus.store.runs.find(recovered.id) : undefined;
    if (run === undefined || recovered.outcome !== 'resumed') {
      outcome.recovered.push(recovered);
      terminal.err(recovered.message);
      continue;
    }
    const { resumed, read } = run.counts;
    outcome.recovered.push({ ...recovered, kept: resumed });
    terminal.err(`${recovered.message} ${mebibytes(resumed)} of ${mebibytes(read)} were kept from before and not sent again.`);
    resumedAt = run.snapshotTakenAt;
  }
  return resumedAt;
}

/** After a run that did not end well the next one reads more than what changed. */
async function explainRepetition(octopus: Octopus, jobId: string, terminal: Terminal): Promise<void> {
  const [last] = await octopus.store.runs.ofJob(jobId);
  if (last?.state !== 'cancelled' && last?.state !== 'failed') return;
  const what = last.state === 'cancelled' ? 'was interrupted' : 'failed';
  terminal.err(`The last run ${what}: what it left at the target is compared, and what is the same is not sent again.`);
}

function parse(args: string[]) {
  const { values } = parseOptions(replicateCommand, args);
  const wrong = (field: string, what: string) => usageError(field, `${what}.`);
  if (values.accept !== undefined && !values.cutover) throw wrong('accept', '--accept belongs to --cutover');
  if (values.cutover && values.rollback) throw wrong('rollback', '--cutover and --rollback exclude each other');
  const timeout = values['boot-timeout'] ?? BOOT_TIMEOUT;
  const seconds = Number(timeout);
  if (!(seconds > 0)) throw wrong('boot-timeout', `--boot-timeout takes a number of seconds, not '${timeout}'`);
  if (values['boot-timeout'] !== undefined && values['expect-console'] === undefined) {
    throw wrong('boot-timeout', '--boot-timeout is how long --expect-console TEXT waits, and that is missing');
  }
  const keep = values.keep === undefined ? undefined : Number(values.keep);
  if (keep !== undefined && !(/^\d+$/.test(`${values.keep}`) && keep >= 1 && keep <= MOST_POINTS)) {
    throw wrong('keep', `--keep takes a number of recovery points from 1 to ${MOST_POINTS}, not '${values.keep}'`);
  }
  return {
    keep,
    info: required(replicateCommand, values, 'info'),
    machine: required(replicateCommand, values, 'machine'),
    to: required(replicateCommand, values, 'to'),
    cutover: values.cutover === true,
    accept: values.accept,
    accepted: values.accept === undefined ? [] : parseAccepted(values.accept),
    rollback: values.rollback === true,
    expectConsole: values['expect-console'],
    bootTimeoutMs: seconds * 1000,
    json: values.json === true,
  };
}

/** The file that `octopus lab --info` writes, or one by hand: {url, username, password, thumbprint}. */
async function readConnection(file: string): Promise<SourceConnection> {
  const text = await readNamed('info', file);
  let info: Partial<SourceConnection> | null = null;
  try {
    info = JSON.parse(text) as Partial<SourceConnection> | null;
  } catch {
    // Told below.
  }
  const { url, username, password, thumbprint } = info ?? {};
  if (typeof url !== 'string' || typeof username !== 'string' || typeof password !== 'string' || typeof thumbprint !== 'string') {
    throw usageError('info', `--info ${file} must hold JSON with the texts url, username, password and thumbprint.`);
  }
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') throw usageError('info', `The url in ${file} must begin with https://.`);
  return { url, username, password, thumbprint };
}

function describeRun({ run, disks, point }: RunReport, points: string) {
  const folder = join(points, point.id);
  const images = new Map(point.disks.map(({ key, image }) => [key, join(folder, image)]));
  return {
    id: run.id,
    kind: run.kind,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    resumes: run.resumes,
    reconnects: run.reconnects,
    counts: run.counts,
    notes: run.notes,
    disks: disks.map(({ key, capacity, mode, doubt, counts, manifestRoot }) => ({
      key,
      capacity,
      mode,
      doubt,
      counts,
      manifestRoot,
      image: images.get(key),
    })),
    recoveryPoint: point,
    /** Of the recovery point. */
    folder,
  };
}

function summarize(machine: string, { run, point }: RunReport, folder: string, boot: BootObservation | undefined): string {
  const { read, sent, zero, unchanged, resumed, verified } = run.counts;
  const seconds = ((Date.parse(run.endedAt ?? run.startedAt) - Date.parse(run.startedAt)) / 1000).toFixed(1);
  return [
    `${machine}: ${run.kind} run proven in ${seconds} s, recovery point ${point.id}`,
    `  read ${mebibytes(read)}, sent ${mebibytes(sent)}, zero ${mebibytes(zero)}, already there ${mebibytes(unchanged)}, kept from before ${mebibytes(resumed)}`,
    `  read back and compared ${mebibytes(verified)} (${point.verified === 'all' ? 'every block' : 'every block that was written'})`,
    `  in ${folder}`,
    ...point.disks.map((disk) => `  disk ${disk.key} ${disk.image} ${disk.algorithm} ${disk.manifestRoot}`),
    ...(boot === undefined ? [] : [`  started: ${boot.evidence} (${(boot.tookMs / 1000).toFixed(1)} s)`]),
  ].join('\n');
}
