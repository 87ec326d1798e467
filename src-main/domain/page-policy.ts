/** The content security policy of the client, in the window and in a browser alike. `baseUri` is `'self'` only for a page that has a `<base>`. */
export function contentSecurityPolicy(nonce: string, baseUri: "'none'" | "'self'" = "'none'"): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    `base-uri ${baseUri}`,
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
