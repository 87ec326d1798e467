export interface Change {
  /** `settings.keep`, `files[2]`. */
  path: string;
  kind: 'added' | 'removed' | 'changed';
  before?: string;
  after?: string;
}

export interface Difference {
  changes: Change[];
  /** Parts that both have, and that are the same. */
  same: number;
}

/** What is different between two values of an entry, part by part. Where there is only one, all of it was added or removed. */
export function differenceOf(before: unknown, after: unknown): Difference {
  const [old, now] = [partsOf(before), partsOf(after)];
  const changes: Change[] = [];
  let same = 0;
  for (const path of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(path), now.get(path)];
    if (was === is) same++;
    else if (was === undefined) changes.push({ path, kind: 'added', after: is as string });
    else if (is === undefined) changes.push({ path, kind: 'removed', before: was });
    else changes.push({ path, kind: 'changed', before: was, after: is });
  }
  return { changes, same };
}

function partsOf(value: unknown, path = '', parts = new Map<string, string>()): Map<string, string> {
  if (value === undefined) return parts;
  if (Array.isArray(value) && value.length > 0) {
    // A list of words is read as one.
    if (value.every((one) => typeof one !== 'object' || one === null)) parts.set(path, value.map(String).join(', '));
    else value.forEach((one, index) => void partsOf(one, `${path}[${index}]`, parts));
    return parts;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, one] of Object.entries(value)) partsOf(one, path === '' ? name : `${path}.${name}`, parts);
    return parts;
  }
  parts.set(path, Array.isArray(value) ? '[]' : String(value));
  return parts;
}
