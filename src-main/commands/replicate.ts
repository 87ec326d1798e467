import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { OctopusError, serializeError } from '../../workers/octopus-error.ts';
import type { Cutover } from '../domain/cutover.ts';
import { openOctopus, type SourceConnection } from '../octopus.ts';
import type { BootObservation } from '../providers/target.ts';
import { type ReplicationEvent, type RunReport, replicaId } from '../replication/context.ts';
import type { Recovered } from '../replication/replicator.ts';
import { type Command, type Terminal, usageError } from './command.ts';

const usage =
  '--info FILE.json --machine NAME --to FOLDER [--cutover | --rollback] [--expect-console TEXT] [--boot-timeout SECONDS] [--json]';

export const replicateCommand: Command = {
  name: 'replicate',
  usage,
  summary: 'Replicates a machine into a folder, proven block by block: everything the first time, then what changed.',
  run: replicate,
};

interface Outcome {
  /** Everything that was asked for is done and proven. */
  proven: boolean;
  machine: string;
  recovered: Recovered[];
  run?: ReturnType<typeof describeRun>;
  boot?: BootObservation;
  cutover?: Cutover;
  error?: ReturnType<typeof serializeError>;
}

async function replicate(args: string[], terminal: Terminal): Promise<number> {
  const options = parse(args);
  const connection = await readConnection(options.info);
  const outcome: Outcome = { proven: false, machine: options.machine, recovered: [] };
  try {
    await perform(options, connection, outcome, terminal);
    outcome.proven = true;
  } catch (error) {
    outcome.error = serializeError(error);
    throw error;
  } finally {
    if (options.json) terminal.out(JSON.stringify(outcome, null, 2));
  }
  return 0;
}

type Options = ReturnType<typeof parse>;

async function perform(options: Options, connection: SourceConnection, outcome: Outcome, terminal: Terminal): Promise<void> {
  const { signal } = terminal;
  const say = (line: string) => (options.json ? terminal.err(line) : terminal.out(line));
  await using octopus = await openOctopus({ stateFolder: options.to, onEvent: narrate(terminal) });
  const target = await octopus.addLocalTarget(options.to);
  const source = await octopus.addSource(connection, signal);
  const job = await octopus.addJob(source.id, options.machine, target.id, {}, signal);
  const machine = await octopus.machine(job.machineId);
  outcome.machine = machine.inventory.name;
  outcome.recovered = await octopus.replicator.recover(signal);
  for (const { message } of outcome.recovered) terminal.err(message);

  if (options.rollback) {
    outcome.cutover = await octopus.replicator.rollback(job.id, signal);
    say(`${outcome.machine}: rolled back. ${outcome.cutover.undone.join(' ')}`);
    return;
  }
  if (options.cutover) {
    const settings = { expectConsole: options.expectConsole, bootTimeoutMs: options.bootTimeoutMs };
    outcome.cutover = await octopus.replicator.cutover(job.id, settings, signal);
    const final = outcome.cutover.finalRunId === undefined ? undefined : await octopus.store.runs.find(outcome.cutover.finalRunId);
    const point = final && (await octopus.store.recoveryPoints.ofJob(job.id)).find(({ id }) => id === final.recoveryPointId);
    if (final && point) outcome.run = describeRun({ run: final, disks: await octopus.store.runDisks.ofRun(final.id), point });
    say(`${outcome.machine}: cut over; the source is powered off and the machine runs at ${outcome.cutover.where}.`);
    return;
  }
  const report = await octopus.replicator.run(job.id, { signal });
  outcome.run = describeRun(report);
  if (options.expectConsole !== undefined) {
    const provider = await octopus.target(target.id);
    const expectation = { console: options.expectConsole, timeoutMs: options.bootTimeoutMs };
    outcome.boot = await provider.observeBoot(replicaId(machine), report.point.id, expectation, signal);
    if (!outcome.boot.passed) {
      throw new OctopusError('verify.boot', `The replica of ${outcome.machine} did not start as expected: ${outcome.boot.evidence}`);
    }
  }
  say(summarize(outcome.machine, report, outcome.boot));
}

function parse(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      info: { type: 'string' },
      machine: { type: 'string' },
      to: { type: 'string' },
      cutover: { type: 'boolean', default: false },
      rollback: { type: 'boolean', default: false },
      'expect-console': { type: 'string' },
      'boot-timeout': { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
    },
  });
  const wrong = (field: string, what: string) => usageError(field, `${what}; right is: octopus replicate ${usage}`);
  const needed = (name: 'info' | 'machine' | 'to'): string => {
    const value = values[name];
    if (!value) throw wrong(name, `--${name} is missing`);
    return value;
  };
  if (positionals.length > 0) throw wrong('arguments', `'${positionals[0]}' belongs to no option`);
  if (values.cutover && values.rollback) throw wrong('rollback', '--cutover and --rollback exclude each other');
  const seconds = Number(values['boot-timeout']);
  if (!(seconds > 0)) throw wrong('boot-timeout', `--boot-timeout takes a number of seconds, not '${values['boot-timeout']}'`);
  if (values['expect-console'] === '') throw wrong('expect-console', '--expect-console needs a text');
  return {
    info: needed('info'),
    machine: needed('machine'),
    to: needed('to'),
    cutover: values.cutover,
    rollback: values.rollback,
    expectConsole: values['expect-console'],
    bootTimeoutMs: seconds * 1000,
    json: values.json,
  };
}

/** The file that `octopus lab --info` writes, or one by hand: {url, username, password, thumbprint}. */
async function readConnection(file: string): Promise<SourceConnection> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new OctopusError(
      'argument.invalid',
      `--info ${file} cannot be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.message}.`,
      {
        field: 'info',
        cause,
      },
    );
  });
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

function describeRun({ run, disks, point }: RunReport) {
  return {
    id: run.id,
    kind: run.kind,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    resumes: run.resumes,
    reconnects: run.reconnects,
    counts: run.counts,
    notes: run.notes,
    disks: disks.map(({ key, capacity, mode, doubt, counts, manifestRoot }) => ({ key, capacity, mode, doubt, counts, manifestRoot })),
    recoveryPoint: point,
  };
}

/** Lines for people: phases and doubts as they come, progress as a status line. */
function narrate(terminal: Terminal): (event: ReplicationEvent) => void {
  const done = new Map<string, { done: number; total: number }>();
  return (event) => {
    switch (event.type) {
      case 'run':
        done.clear();
        terminal.err(`${event.machine}: ${event.resumed ? 'resuming' : 'starting'} run ${event.runId}`);
        break;
      case 'phase':
        terminal.status(`${event.phase} …`);
        break;
      case 'disk':
        terminal.err(`  disk ${event.key}: ${event.mode}, ${mebibytes(event.bytes)} of ${mebibytes(event.capacity)} to read`);
        if (event.doubt !== undefined) terminal.err(`    because: ${event.doubt}`);
        break;
      case 'progress': {
        done.set(`${event.activity} ${event.key}`, event);
        const parts = [...done].filter(([name]) => name.startsWith(event.activity));
        terminal.status(parts.map(([name, disk]) => `${name} ${bar(disk.done, disk.total)}`).join('  '));
        break;
      }
      case 'retry':
        terminal.err(`  ${event.message} Trying again (${event.attempt}).`);
        break;
      case 'note':
        terminal.err(`  ${event.text}`);
        break;
      case 'cutover':
        terminal.err(`cutover: ${event.phase}`);
        break;
    }
  };
}

function summarize(machine: string, { run, point }: RunReport, boot: BootObservation | undefined): string {
  const { read, sent, zero, unchanged, resumed, verified } = run.counts;
  const seconds = ((Date.parse(run.endedAt ?? run.startedAt) - Date.parse(run.startedAt)) / 1000).toFixed(1);
  return [
    `${machine}: ${run.kind} run proven in ${seconds} s, recovery point ${point.id}`,
    `  read ${mebibytes(read)}, sent ${mebibytes(sent)}, zero ${mebibytes(zero)}, already there ${mebibytes(unchanged)}, resumed ${mebibytes(resumed)}`,
    `  read back and compared ${mebibytes(verified)} (${point.verified === 'all' ? 'every block' : 'every block that was written'})`,
    ...point.disks.map((disk) => `  disk ${disk.key} ${disk.algorithm} ${disk.manifestRoot}`),
    ...(boot === undefined ? [] : [`  started: ${boot.evidence} (${(boot.tookMs / 1000).toFixed(1)} s)`]),
  ].join('\n');
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 && bytes % 2 ** 20 !== 0 ? 1 : 0)} MiB`;
}

function bar(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * 20);
  return `[${'#'.repeat(filled)}${'-'.repeat(20 - filled)}] ${Math.floor(share * 100)} %`;
}
