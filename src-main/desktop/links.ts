/** Where the person's browser may be sent: what vendors write about their products. Whole host names, https only. */
const hosts = new Set([
  'knowledge.broadcom.com',
  'techdocs.broadcom.com',
  'developer.broadcom.com',
  'docs.aws.amazon.com',
  'learn.microsoft.com',
  'docs.cloud.google.com',
  'cloud.google.com',
  'www.debian.org',
]);

/** `own` is our REST server's origin where it runs: its documentation and the web client. The address in its normal form, or undefined. */
export function allowedLink(address: unknown, own?: string): string | undefined {
  if (typeof address !== 'string' || address.length > 2000) return undefined;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  if (url.username !== '' || url.password !== '') return undefined;
  if (own !== undefined && url.origin === own && /^https?:$/.test(url.protocol)) return url.href;
  return url.protocol === 'https:' && url.port === '' && hosts.has(url.hostname) ? url.href : undefined;
}
