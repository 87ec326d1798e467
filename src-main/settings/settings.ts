import { OctopusError } from '../../workers/octopus-error.ts';
import type { Clock } from '../domain/clock.ts';
import type { StoredVariable, VariableRepository } from '../store/repositories/env-variables.ts';
import { checkValue, environmentName, fromEnvironment, rangeOf } from './check-value.ts';
import type { SettingDefinition, SettingTable, SettingValue, ValueOf } from './definition.ts';
import { settingTable } from './setting-table.ts';

/** All that a page shows of a setting. */
export interface SettingView {
  name: string;
  type: SettingDefinition['type'];
  value: SettingValue;
  default: SettingValue;
  source: 'default' | 'stored' | 'environment';
  /** The environment variable that overrides it; it is not writable while `source` is `environment`. */
  variable: string;
  writable: boolean;
  description: string;
  /** What is allowed, in words with range and unit. */
  range: string;
  unit: string | undefined;
  minimum: number | undefined;
  maximum: number | undefined;
  choices: readonly string[] | undefined;
  effect: SettingDefinition['effect'];
  /** It was changed since the start and takes effect with the next one. */
  restartPending: boolean;
  updatedAt: string | undefined;
  /** Why the stored value is not used: written by another version, or by hand. */
  problem: string | undefined;
}

export interface SettingChange<Name = string> {
  name: Name;
  before: SettingValue;
  after: SettingValue;
  effect: SettingDefinition['effect'];
}

export interface Settings<Table extends SettingTable = typeof settingTable> {
  /** The newest value; never waits. One that needs a restart is to be asked for once, at the start. */
  get<Name extends keyof Table & string>(name: Name): ValueOf<Table[Name]>;
  view(name: string): SettingView;
  list(): SettingView[];
  /** Durable, and told to listeners, once it settles. `argument.invalid` names setting, range and unit. */
  set(name: string, value: unknown): Promise<SettingView>;
  /** All or none. */
  setAll(values: Readonly<Record<string, unknown>>): Promise<SettingView[]>;
  /** Back to the default. */
  reset(name: string): Promise<SettingView>;
  /** They hold from now on, also those that otherwise need a restart. */
  applied(names: readonly (keyof Table & string)[]): void;
  /** Called after the change is stored, in the order of the changes, only where the value differs. Answers how to stop it. */
  onChange(listener: (change: SettingChange<keyof Table & string>) => void): () => void;
}

export interface SettingsOptions<Table extends SettingTable> {
  variables: VariableRepository;
  clock: Pick<Clock, 'now'>;
  /** `process.env`, given in. */
  environment?: Readonly<Record<string, string | undefined>>;
  table: Table;
}

/** Reads what is stored. A wrong value in the environment is refused: whoever set it must know; a wrong one in the store is shown, and the default holds. */
export async function openSettings<const Table extends SettingTable = typeof settingTable>(
  options: Omit<SettingsOptions<Table>, 'table'> & { table?: Table },
): Promise<Settings<Table>> {
  const { variables, clock, environment = {} } = options;
  const table: SettingTable = options.table ?? settingTable;
  const names = Object.keys(table);
  const overrides = new Map<string, SettingValue>();
  const stored = new Map<string, { value: SettingValue; updatedAt: string }>();
  const problems = new Map<string, string>();
  const listeners = new Set<(change: SettingChange<keyof Table & string>) => void>();
  let last: Promise<unknown> = Promise.resolve();

  for (const name of names) {
    const text = environment[environmentName(name)];
    // An empty variable is how compose files and shells leave one out.
    if (text !== undefined && text.trim() !== '') overrides.set(name, override(name, text));
  }
  for (const variable of await variables.list()) load(variable);
  const atStart = new Map(names.map((name) => [name, current(name)]));

  function override(name: string, text: string): SettingValue {
    const definition = definitionOf(name);
    try {
      return checkValue(name, definition, fromEnvironment(definition, text));
    } catch (cause) {
      const variable = environmentName(name);
      throw new OctopusError('argument.invalid', `The environment variable ${variable} must be ${rangeOf(definition)}.`, {
        field: variable,
        cause,
      });
    }
  }

  function load({ name, value, updatedAt }: StoredVariable): void {
    const definition = Object.hasOwn(table, name) ? table[name] : undefined;
    // Kept for the version that knows it.
    if (definition === undefined) return;
    try {
      stored.set(name, { value: checkValue(name, definition, JSON.parse(value)), updatedAt });
    } catch {
      problems.set(name, `The stored value is not ${rangeOf(definition)}; the default is used.`);
    }
  }

  function definitionOf(name: string): SettingDefinition {
    const definition = Object.hasOwn(table, name) ? table[name] : undefined;
    if (definition === undefined) throw new OctopusError('not.found', `There is no setting ${name.slice(0, 100)}.`, { field: 'name' });
    return definition;
  }

  function current(name: string): SettingValue {
    return overrides.get(name) ?? stored.get(name)?.value ?? definitionOf(name).default;
  }

  function view(name: string): SettingView {
    const definition = definitionOf(name);
    const integer = definition.type === 'integer' ? definition : undefined;
    const value = current(name);
    return {
      name,
      type: definition.type,
      value,
      default: definition.default,
      source: overrides.has(name) ? 'environment' : stored.has(name) ? 'stored' : 'default',
      variable: environmentName(name),
      writable: !overrides.has(name),
      description: definition.description,
      range: rangeOf(definition),
      unit: integer?.unit,
      minimum: integer?.minimum,
      maximum: integer?.maximum,
      choices: definition.type === 'choice' ? definition.choices : undefined,
      effect: definition.effect,
      restartPending: definition.effect === 'restart' && value !== atStart.get(name),
      updatedAt: stored.get(name)?.updatedAt,
      problem: problems.get(name),
    };
  }

  /** One after the other, so that two changes of a setting end in the store as they end here. */
  function change(changes: ReadonlyMap<string, SettingValue | undefined>): Promise<SettingView[]> {
    const changed = last.then(async () => {
      const updatedAt = clock.now().toISOString();
      await variables.put(
        new Map([...changes].map(([name, value]) => [name, value === undefined ? undefined : JSON.stringify(value)])),
        updatedAt,
      );
      const told: SettingChange[] = [];
      for (const [name, value] of changes) {
        const before = current(name);
        problems.delete(name);
        if (value === undefined) stored.delete(name);
        else stored.set(name, { value, updatedAt });
        const after = current(name);
        if (after !== before) told.push({ name, before, after, effect: definitionOf(name).effect });
      }
      for (const one of told) tell(one);
      return [...changes.keys()].map(view);
    });
    last = changed.catch(() => undefined);
    return changed;
  }

  /** What is stored is stored: a listener that throws must not make the change look failed, nor keep it from the others. */
  function tell(one: SettingChange): void {
    for (const listener of [...listeners]) {
      try {
        listener(one);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  function writable(name: string): SettingDefinition {
    const definition = definitionOf(name);
    if (!overrides.has(name)) return definition;
    const variable = environmentName(name);
    throw new OctopusError('argument.invalid', `${name} is set by the environment variable ${variable}: change it there, or unset it.`, {
      field: name,
    });
  }

  const setAll = async (values: Readonly<Record<string, unknown>>) =>
    change(new Map(Object.entries(values).map(([name, value]) => [name, checkValue(name, writable(name), value)])));

  return {
    get: (name) => current(name) as ValueOf<Table[typeof name]>,
    view,
    list: () => names.map(view),
    setAll,
    set: async (name, value) => (await setAll({ [name]: value }))[0]!,
    async reset(name) {
      writable(name);
      return (await change(new Map([[name, undefined]])))[0]!;
    },
    applied(names) {
      for (const name of names) atStart.set(name, current(name));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
