import type { Locator, Page } from '@playwright/test';
import { expectScreen, goTo } from '../e2e/person.ts';
import type { CallInput, World } from '../e2e/world.ts';

type Query = NonNullable<CallInput<'vms.list'>['query']>;

/**
 * Milliseconds from the key or the click until the rows that were asked for stand on the screen, for each change of the filter. No filter
 * comes twice: the client would have its answer at hand.
 */
export async function filterTimes(world: World): Promise<number[]> {
  const { page } = world;
  await goTo(page, 'Machines');
  await expectScreen(page, 'Machines');
  const times: number[] = [];
  /** What the core answers is what the page has to show; it is asked before the page is. */
  const change = async (query: Query, event: 'keydown' | 'click', act: () => Promise<void>): Promise<void> => {
    const { items, total } = await world.call('vms.list', { query: { ...query, limit: 1 } });
    await watchRows(page, event, items[0]?.name ?? '', total);
    await act();
    times.push(await page.evaluate(() => (globalThis as unknown as Browser).stood));
  };
  const search = page.getByRole('searchbox');
  const type = async (word: string, query: Query): Promise<void> => {
    for (let end = 1; end <= word.length; end++) {
      await search.focus();
      await change({ ...query, text: word.slice(0, end) }, 'keydown', () => page.keyboard.press(word[end - 1] as string));
    }
    await search.fill('');
  };
  const choose = async (label: string, option: string, query: Query): Promise<void> => {
    await page.getByRole('combobox', { name: label }).click();
    await choice(page, option, (it) => change(query, 'click', () => it.click()));
  };
  const reset = () => page.getByRole('button', { name: 'Clear filters' }).click();

  for (const word of ['0571', '9321', 'machine-08']) await type(word, {});
  for (const [label, powerState] of [
    ['On', 'on'],
    ['Off', 'off'],
    ['Suspended', 'suspended'],
  ] as const) {
    await choose('Power', label, { powerState });
    await type('47', { powerState });
  }
  await reset();
  for (const cluster of ['cluster 1', 'cluster 4', 'cluster 6', 'cluster 7']) await choose('Cluster', cluster, { cluster });
  await reset();
  for (const sort of ['capacity', '-capacity', 'folder', 'cluster'] as const) {
    const title = { capacity: 'Disks', folder: 'Folder', cluster: 'Cluster' }[sort.replace('-', '') as 'capacity'];
    await change({ sort }, 'click', () => page.getByRole('columnheader', { name: title }).getByRole('button').click());
  }
  return times;
}

async function choice(page: Page, option: string, act: (it: Locator) => Promise<void>): Promise<void> {
  const it = page.getByRole('option', { name: option, exact: true });
  // Not before the list has come to rest: a click waits for that.
  await it.hover();
  await act(it);
}

/** What the page's script needs of a browser; the types of all of it would reach every other file. */
interface Browser {
  document: { querySelector(selector: string): { getAttribute(name: string): string | null; textContent: string | null } | null };
  requestAnimationFrame(act: () => void): void;
  addEventListener(type: string, act: (event: { timeStamp: number }) => void, options: { capture: boolean; once: boolean }): void;
  /** When the rows stood: milliseconds after the event. */
  stood: Promise<number>;
}

/** Waits in the page for the next such event, and from then on for the frame that shows this row first, of so many. */
async function watchRows(page: Page, event: 'keydown' | 'click', first: string, total: number): Promise<void> {
  await page.evaluate(
    ([type, name, count]) => {
      const browser = globalThis as unknown as Browser;
      const stands = (): boolean => {
        if (browser.document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') !== String(count + 1)) return false;
        const row = browser.document.querySelector('[role=grid] [role=row][aria-rowindex="2"]');
        return count === 0 || row?.textContent?.includes(name) === true;
      };
      browser.stood = new Promise((resolve) => {
        const begin = ({ timeStamp }: { timeStamp: number }): void => {
          const look = (): void => {
            if (!stands()) browser.requestAnimationFrame(look);
            // What a frame's callback sees is drawn right behind it, and the next task comes after that.
            else setTimeout(() => resolve(performance.now() - timeStamp));
          };
          browser.requestAnimationFrame(look);
        };
        browser.addEventListener(type, begin, { capture: true, once: true });
      });
    },
    [event, first, total] as const,
  );
}
