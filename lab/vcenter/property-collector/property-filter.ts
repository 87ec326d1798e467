import { encodeElement } from '../soap/encode.ts';
import type { ManagedRef } from '../soap/value.ts';
import type { ChangeFeed } from '../world/types.ts';
import { type FilterSpec, type Lookup, pathsOf, selectObjects } from './filter-spec.ts';
import { encodeVal } from './object-content.ts';

/** What a client knows of an object: the XML of each property's value. */
type Known = Map<string, string>;

/**
 * A filter of a client that waits for updates. It keeps what the client was last told and compares; which objects may have changed
 * it learns from the world's feed, so that waiting costs what changes. Answers can be taken back: a client that asks again with its
 * former version never got the newer one.
 */
export class PropertyFilter {
  readonly ref: ManagedRef;
  readonly spec: FilterSpec;
  readonly partialUpdates: boolean;
  readonly #lookup: Lookup;
  readonly #feed: ChangeFeed;
  #objects = new Map<string, ManagedRef>();
  readonly #known = new Map<string, { ref: ManagedRef; values: Known }>();
  readonly #dirty = new Set<string>();
  /** What the last answer replaced. */
  #undo = new Map<string, { ref: ManagedRef; values: Known } | undefined>();
  #seen = -1;

  constructor(ref: ManagedRef, spec: FilterSpec, partialUpdates: boolean, lookup: Lookup, feed: ChangeFeed) {
    this.ref = ref;
    this.spec = spec;
    this.partialUpdates = partialUpdates;
    this.#lookup = lookup;
    this.#feed = feed;
    selectObjects(spec, lookup);
  }

  /** The client starts over. */
  reset(): void {
    this.#known.clear();
    this.#undo.clear();
    this.#seen = -1;
  }

  /** The last answer was not received. */
  takeBack(): void {
    for (const [value, before] of this.#undo) {
      if (before === undefined) this.#known.delete(value);
      else this.#known.set(value, before);
      this.#dirty.add(value);
    }
    this.#undo.clear();
  }

  acknowledge(): void {
    this.#undo.clear();
  }

  /** At most `limit` updates as XML of ObjectUpdate elements; `more` when some are left. */
  updates(limit: number): { xml: string; count: number; more: boolean } {
    this.#catchUp();
    const parts: string[] = [];
    for (const value of this.#dirty) {
      if (parts.length >= limit) break;
      this.#dirty.delete(value);
      const update = this.#update(value);
      if (update !== '') parts.push(update);
    }
    return { xml: parts.join(''), count: parts.length, more: this.#dirty.size > 0 };
  }

  #catchUp(): void {
    const version = this.#feed.version;
    if (version === this.#seen) return;
    const changes = this.#seen < 0 ? undefined : this.#feed.since(this.#seen);
    this.#seen = version;
    if (changes !== undefined) {
      for (const { ref } of changes) this.#dirty.add(ref);
      // Objects come and go only with others or where the walk goes through a property that changed.
      if (changes.every((change) => change.kind === 'modify') && this.spec.objects.every((one) => one.select.length === 0)) return;
    }
    this.#objects = selectObjects({ ...this.spec, reportMissing: true }, this.#lookup);
    for (const value of this.#known.keys()) if (!this.#objects.has(value)) this.#dirty.add(value);
    for (const [value, ref] of this.#objects) {
      // Folders, hosts, views and the like list other objects, and are few.
      if (changes === undefined || !this.#known.has(value) || !/^(VirtualMachine|Task)/.test(ref.type)) this.#dirty.add(value);
    }
  }

  #update(value: string): string {
    const before = this.#known.get(value);
    const ref = this.#objects.get(value);
    const view = ref === undefined ? undefined : this.#lookup(ref);
    if (ref === undefined || view === undefined) {
      if (before === undefined) return '';
      this.#remember(value, undefined);
      return `<objectSet><kind>leave</kind>${encodeElement('obj', 'ref', false, before.ref)}</objectSet>`;
    }
    const values: Known = new Map();
    let changes = '';
    for (const path of pathsOf(this.spec, ref.type)) {
      const current = view.at(path.steps);
      const xml = current === undefined ? undefined : encodeVal(path, current);
      if (xml !== undefined) values.set(path.path, xml);
      if (xml !== before?.values.get(path.path)) changes += `<changeSet><name>${path.path}</name><op>assign</op>${xml ?? ''}</changeSet>`;
    }
    if (before !== undefined && changes === '') return '';
    this.#remember(value, { ref, values });
    return `<objectSet><kind>${before === undefined ? 'enter' : 'modify'}</kind>${encodeElement('obj', 'ref', false, ref)}${changes}</objectSet>`;
  }

  #remember(value: string, now: { ref: ManagedRef; values: Known } | undefined): void {
    if (!this.#undo.has(value)) this.#undo.set(value, this.#known.get(value));
    if (now === undefined) this.#known.delete(value);
    else this.#known.set(value, now);
  }
}
