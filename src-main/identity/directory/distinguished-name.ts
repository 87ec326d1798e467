/** One relative name: `CN=Ann` has one attribute, `CN=Ann+UID=7` two. Types in lower case, values unescaped. */
export type RelativeName = { type: string; value: string }[];

/** RFC 4514, section 2.4: a value that reads as itself wherever it stands in a DN. */
export function escapeDnValue(value: string): string {
  return value.replace(/^[ #]|[\\",+<>;=]| $/g, '\\$&').replace(/\0/g, '\\00');
}

/** RFC 4514, section 3; also takes spaces around `,` and `=`, as people type them. Undefined when it is not a DN. */
export function parseDn(text: string): RelativeName[] | undefined {
  if (text.trim() === '') return [];
  const names: RelativeName[] = [];
  let relative: RelativeName = [];
  let at = 0;
  for (;;) {
    const type = /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*) *= */.exec(text.slice(at));
    if (!type?.[1]) return undefined;
    at += type[0].length;
    const value = readValue(text, at);
    if (!value) return undefined;
    relative.push({ type: type[1].toLowerCase(), value: value.value });
    at = value.end;
    if (text[at] !== '+') {
      names.push(relative);
      relative = [];
      if (at === text.length) return names;
    }
    at += 1;
  }
}

/** The value that starts at `start`, and where its separator (or the end) is. */
function readValue(text: string, start: number): { value: string; end: number } | undefined {
  // Octets: escapes give single bytes of a UTF-8 character.
  const octets: number[] = [];
  // Spaces before a separator do not count, escaped ones do.
  let kept = 0;
  let at = start;
  while (at < text.length && !',+;'.includes(text.charAt(at))) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (character === '\\') {
      const hex = /^[0-9A-Fa-f]{2}/.exec(text.slice(at + 1, at + 3));
      const special = text.charAt(at + 1);
      if (hex) octets.push(Number.parseInt(hex[0], 16));
      else if (special !== '' && ' "#+,;<=>\\'.includes(special)) octets.push(special.charCodeAt(0));
      else return undefined;
      kept = octets.length;
      at += hex ? 3 : 2;
      continue;
    }
    if ('"<>\0'.includes(character)) return undefined;
    octets.push(...Buffer.from(character));
    if (character !== ' ') kept = octets.length;
    at += character.length;
  }
  try {
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(octets.slice(0, kept))), end: at };
  } catch {
    return undefined;
  }
}

/** The same text for all spellings of a DN: case, spaces and escapes do not count (RFC 4517, caseIgnoreMatch). */
export function normaliseDn(text: string): string | undefined {
  return parseDn(text)
    ?.map((relative) =>
      relative
        .map(({ type, value }) => `${type}=${escapeDnValue(value.normalize('NFKC').toLowerCase().trim().replace(/ +/g, ' '))}`)
        .sort()
        .join('+'),
    )
    .join(',');
}

/** Whether `dn` is `base` or below it. */
export function isWithin(dn: string, base: string): boolean {
  const inner = normaliseDn(dn);
  const outer = normaliseDn(base);
  if (inner === undefined || outer === undefined) return false;
  return inner === outer || outer === '' || inner.endsWith(`,${outer}`);
}

/** Of `cn=ann,dc=example,dc=com`: `dc=example,dc=com`. */
export function domainOf(dn: string): string {
  const components = (parseDn(dn) ?? []).flat().filter(({ type }) => type === 'dc');
  return components.map(({ value }) => value.toLowerCase()).join('.');
}
