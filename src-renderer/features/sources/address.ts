/** What a person typed as the address of a vCenter, as its service has it; undefined where it is none. */
export function serviceUrl(typed: string): string | undefined {
  const text = typed.trim();
  if (text === '' || /\s/.test(text)) return undefined;
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
    if (url.protocol === 'http:') url.protocol = 'https:';
    if (url.protocol !== 'https:' || url.hostname === '') return undefined;
    // Where a person looks at it in a browser.
    if (/^\/(ui|vsphere-client|sdk)?\/?$/.test(url.pathname)) url.pathname = '/sdk';
    url.hash = '';
    url.search = '';
    return url.href;
  } catch {
    return undefined;
  }
}

/** An absolute path of any system: Octopus may run on another one than this client. */
export const isPath = (typed: string): boolean => /^(\/|[A-Za-z]:[\\/])/.test(typed.trim());

/** One path a line; blanks around it and quotes, as a file manager copies them, are left away. */
export function pathsOf(typed: string): string[] {
  const paths = typed.split(/\r?\n/).map((line) => line.trim().replace(/^(["'])(.*)\1$/, '$2'));
  return [...new Set(paths.filter((path) => path !== ''))];
}
