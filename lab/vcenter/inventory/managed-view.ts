import type { DataObject, ManagedRef, Value } from '../soap/value.ts';

/** What a property may answer; undefined where it is unset. */
export type PropertyTable = Record<string, () => Value | undefined>;

/** A managed object as the property collector reads it. A view is made for one request: each property is built at most once. */
export class ManagedView {
  readonly ref: ManagedRef;
  readonly #table: PropertyTable;
  readonly #built = new Map<string, Value | undefined>();

  constructor(ref: ManagedRef, table: PropertyTable) {
    this.ref = ref;
    this.#table = table;
  }

  /** A property by its name (no path). Properties that the lab does not model are unset. */
  property(name: string): Value | undefined {
    if (this.#built.has(name)) return this.#built.get(name);
    const value = this.#table[name]?.();
    this.#built.set(name, value);
    return value;
  }

  /** A value below a property: `config.hardware.device`. */
  at(steps: readonly string[]): Value | undefined {
    let value = this.property(steps[0]!);
    for (let at = 1; at < steps.length && value !== undefined; at++) value = (value as DataObject)[steps[at]!];
    return value;
  }
}
