import { createHash } from 'node:crypto';

/** The tag of an answer that came without one: a digest of the text that is sent. */
export function entityTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
}

/** RFC 9110: a tag is quoted, also where a handler forgot it. */
export function quoted(tag: string): string {
  return /^(W\/)?"[^"]*"$/.test(tag) ? tag : `"${tag.replaceAll('"', '')}"`;
}

/** Does a list like `"a", W/"b"` or `*` name this tag? Weak comparison is for If-None-Match, strong for If-Match. */
export function namesTag(header: string, tag: string, comparison: 'weak' | 'strong'): boolean {
  if (header.trim() === '*') return true;
  const opaque = (text: string) => text.replace(/^W\//, '');
  const listed: string[] = header.match(/(W\/)?"[^"]*"/g) ?? [];
  if (comparison === 'weak') return listed.some((one) => opaque(one) === opaque(tag));
  return !tag.startsWith('W/') && listed.includes(tag);
}
