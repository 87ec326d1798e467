import type { World } from './world.ts';

export interface Screen {
  id: string;
  path: string;
  role: 'admin' | 'operator' | 'viewer';
  navigation?: { text: string };
}

/** What the client itself calls its screens: a new one is in every journey that walks through all of them. */
export async function allScreens(): Promise<Screen[]> {
  // By its address: the types of the client need a browser's, which these files must do without.
  const { screens } = (await import(new URL('../src-renderer/screens.ts', import.meta.url).href)) as { screens: Screen[] };
  return screens;
}

export interface Samples {
  machineId: string;
  migrationId: string;
  sourceId: string;
  targetId: string;
}

export interface Address {
  screen: string;
  /** After the hash. */
  path: string;
}

/** Forms, to which buttons lead. */
const forms: Readonly<Record<string, string[]>> = { sources: ['/sources/new-vsphere', '/sources/new-images'], targets: ['/targets/new'] };

/** Without what stands for something. */
export const bareOf = (screen: Screen): string => screen.path.replace(/\/:.*$/, '') || '/';

/** Where each screen is: its list, one of what it lists, and its parts, as far as links lead to them. */
export async function addressesOf(screen: Screen, samples: Samples): Promise<Address[]> {
  const known: Record<string, string> = {
    machines: samples.machineId,
    'new-migration': samples.machineId,
    migration: samples.migrationId,
    sources: samples.sourceId,
    targets: samples.targetId,
  };
  const [base = '', first] = screen.path.split(/(\/:\w+\??)/);
  const bare = bareOf(screen);
  const sample = known[screen.id];
  const found: string[] = [];
  if (first === undefined || first.endsWith('?')) found.push(bare);
  if (first !== undefined && sample !== undefined) found.push(`${base}/${sample}`);
  if (found.length === 0) throw new Error(`What stands in the place of ${first} in ${screen.path}? Tell e2e/screen-addresses.ts.`);
  found.push(...(forms[screen.id] ?? []));
  return found.map((path) => ({ screen: screen.id, path }));
}

/** Goes there, and waits until nothing is loading any more. */
export async function visit({ page }: World, path: string): Promise<void> {
  await page.evaluate((to) => {
    (globalThis as unknown as { location: { hash: string } }).location.hash = `#${to}`;
  }, path);
  const main = page.getByRole('main');
  await main.getByRole('heading', { level: 1 }).first().waitFor();
  await page.waitForFunction(() => {
    const { document } = globalThis as unknown as { document: { querySelector(selector: string): unknown } };
    return document.querySelector('main [role=status][aria-label], main [aria-busy=true], .mantine-Skeleton-root') === null;
  });
}

/** Links of a screen to its own parts, as tabs are. */
export async function partsOf({ page }: World, path: string): Promise<string[]> {
  const links = await page
    .getByRole('main')
    .getByRole('navigation')
    .getByRole('link')
    .evaluateAll((all) => all.map((link) => (link as unknown as { hash: string }).hash.slice(1)));
  return links.filter((link) => link.startsWith('/') && link !== path);
}
