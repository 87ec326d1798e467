import type { OctopusError } from '../../../workers/octopus-error.ts';
import type { MachineInventory } from '../../domain/machine.ts';
import type { SourceChange } from '../source.ts';
import { Infrastructure } from './infrastructure.ts';
import { machineInventory, machinePaths } from './machine-inventory.ts';
import { createView, retrieveObjects, viewFilter } from './properties.ts';
import { faultName } from './vim-fault.ts';
import { type MoRef, moRef, type VimSession } from './vim-session.ts';
import { sleep } from './wait.ts';
import { parseXml, type XmlNode } from './xml-node.ts';

/** Seconds that the server holds a question open when nothing changes. */
const MAX_WAIT = 30;
/** Failures in a row, with growing pauses, before the watch gives up. */
const MAX_FAILURES = 8;

type Properties = Map<string, XmlNode>;

/**
 * Machines as they change. Filters end with their session, so after a loss everything is set up anew and only what differs from
 * what was told before is told.
 */
export async function* watchMachines(
  session: VimSession,
  tagsOf: (refs: string[]) => Promise<Map<string, string[]>>,
  signal: AbortSignal,
): AsyncGenerator<SourceChange[]> {
  const told = new Map<string, { text: string }>();
  let first = true;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const machines = new Map<string, Properties>();
      for await (const touched of updates(session, machines, signal)) {
        const infrastructure = await loaded(session, machines, touched, signal);
        const refs = touched ?? [...machines.keys()];
        const tags = touched === undefined ? await tagsOf(refs) : undefined;
        const gone = touched === undefined ? [...told.keys()].filter((ref) => !machines.has(ref)) : [];
        const changes = differences([...refs, ...gone], machines, told, (ref, properties) =>
          machineInventory(ref, properties, infrastructure, tags?.get(ref) ?? lastTags(told, ref)),
        );
        failures = 0;
        if (changes.length > 0 || first) yield changes;
        first = false;
      }
    } catch (error) {
      if (signal.aborted) return;
      const known = error as OctopusError;
      const lost = known.retryable || known.code === 'source.missing' || faultName(known) !== undefined;
      if (!lost || known.code === 'source.denied' || ++failures > MAX_FAILURES) throw error;
      await sleep(100 * 2 ** failures, signal).catch(() => {});
    }
  }
}

const infrastructures = new WeakMap<VimSession, Infrastructure>();

/** Read again for a whole state, and when a machine refers to something new. */
async function loaded(
  session: VimSession,
  machines: Map<string, Properties>,
  touched: string[] | undefined,
  signal: AbortSignal,
): Promise<Infrastructure> {
  const known = infrastructures.get(session);
  const familiar = (ref: string) =>
    ['parent', 'runtime.host'].every((path) => {
      const to = machines.get(ref)?.get(path)?.text;
      return to === undefined || known?.has(to);
    });
  if (known !== undefined && touched?.every(familiar)) return known;
  const fresh = await Infrastructure.load(session, signal);
  infrastructures.set(session, fresh);
  return fresh;
}

function lastTags(told: Map<string, { text: string }>, ref: string): string[] {
  const last = told.get(ref);
  return last === undefined ? [] : (JSON.parse(last.text) as MachineInventory).tags;
}

function differences(
  refs: string[],
  machines: Map<string, Properties>,
  told: Map<string, { text: string }>,
  inventoryOf: (ref: string, properties: Properties) => MachineInventory,
): SourceChange[] {
  const changes: SourceChange[] = [];
  for (const ref of new Set(refs)) {
    const properties = machines.get(ref);
    const last = told.get(ref);
    if (properties === undefined) {
      if (last !== undefined) changes.push({ kind: 'removed', machine: ref });
      told.delete(ref);
      continue;
    }
    const inventory = inventoryOf(ref, properties);
    const text = JSON.stringify(inventory);
    if (last?.text === text) continue;
    told.set(ref, { text });
    changes.push({ kind: last === undefined ? 'added' : 'changed', machine: ref, inventory });
  }
  return changes;
}

/** Keeps `machines` up to date and answers the references touched by each update; undefined for the whole first state. */
async function* updates(session: VimSession, machines: Map<string, Properties>, signal: AbortSignal): AsyncGenerator<string[] | undefined> {
  const generation = session.generation;
  // A collector of our own: WaitForUpdatesEx answers for all filters of a collector, also those of others.
  const collector = await session.call<MoRef>('CreatePropertyCollector', { _this: session.content.propertyCollector }, { signal });
  let view: MoRef | undefined;
  try {
    view = await createView(session, ['VirtualMachine'], signal);
    const spec = viewFilter(view, { VirtualMachine: machinePaths });
    await session.call('CreateFilter', { _this: collector, spec, partialUpdates: false }, { signal });
    let version = '';
    let whole = true;
    let touched: string[] = [];
    for (;;) {
      const options = { signal, idleMs: (MAX_WAIT + 60) * 1000 };
      const body = await session.callRaw('WaitForUpdatesEx', { _this: collector, version, options: { maxWaitSeconds: MAX_WAIT } }, options);
      const update = parseXml(body).child('Body')?.children[0]?.child('returnval');
      if (update === undefined && !whole) continue; // nothing changed while the server waited
      version = update?.value('version') ?? version;
      for (const filter of update?.all('filterSet') ?? []) {
        for (const object of filter.all('objectSet')) touched.push(await applyUpdate(session, machines, object, signal));
      }
      if (update?.flag('truncated')) continue;
      yield whole ? undefined : touched;
      whole = false;
      touched = [];
    }
  } finally {
    if (generation === session.generation) {
      session.call('DestroyPropertyCollector', { _this: collector }, { repeat: false }).catch(() => {});
      if (view !== undefined) session.call('DestroyView', { _this: view }, { repeat: false }).catch(() => {});
    }
  }
}

async function applyUpdate(session: VimSession, machines: Map<string, Properties>, object: XmlNode, signal: AbortSignal): Promise<string> {
  const ref = object.value('obj') ?? '';
  if (object.value('kind') === 'leave') {
    machines.delete(ref);
    return ref;
  }
  const properties = machines.get(ref) ?? new Map<string, XmlNode>();
  let exact = true;
  for (const change of object.all('changeSet')) {
    const name = change.value('name') ?? '';
    const val = change.child('val');
    exact &&= (machinePaths as readonly string[]).includes(name);
    if (val === undefined) properties.delete(name);
    else properties.set(name, val);
  }
  machines.set(ref, properties);
  // A change of a part (`config.hardware.device[2000]`) is not pieced together: the machine is read again.
  if (!exact) {
    const [fresh] = await retrieveObjects(session, [moRef('VirtualMachine', ref)], { VirtualMachine: machinePaths }, signal);
    if (fresh !== undefined) machines.set(ref, fresh.properties);
  }
  return ref;
}
