// @vitest-environment happy-dom
import { MantineProvider } from '@mantine/core';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setFormatLocale } from '../format.ts';
import { codesOf } from './cell-state.ts';
import { DiskMap, type DiskMapProps } from './disk-map.tsx';

const mebibyte = 2 ** 20;
let root: Root;
let place: HTMLElement;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  setFormatLocale('en');
  place = document.body.appendChild(document.createElement('div'));
  root = createRoot(place);
});
afterEach(() => {
  act(() => root.unmount());
  place.remove();
  setFormatLocale(undefined);
});

const disk: DiskMapProps = {
  name: 'Hard disk 1',
  states: codesOf(['verified', 'zero', 'changed-again', 'waiting']),
  blocks: 7,
  blockSize: mebibyte,
  blocksPerCell: 2,
  capacity: 6.5 * mebibyte,
};
const show = (props: Partial<DiskMapProps> = {}) =>
  act(() =>
    root.render(
      <MantineProvider>
        <DiskMap {...disk} {...props} />
      </MantineProvider>,
    ),
  );
const find = (selector: string) => place.querySelector(selector) as HTMLElement;
const press = (key: string) => act(() => find('[role=application]').dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
const readout = () => find('p').textContent;

test('says in words what it shows', () => {
  show();
  expect(find('[role=img]').getAttribute('aria-label')).toBe(
    'Hard disk 1: 7 blocks, 6.5 MiB. verified 28% (2), zero 28% (2), changed again 28% (2), waiting 14% (1).',
  );
  expect([...place.querySelectorAll('li')].map((entry) => entry.textContent)).toEqual([
    'Verified2 MiB · 28%2 blocks',
    'Copied0 B · 0%0 blocks',
    'Zero2 MiB · 28%2 blocks',
    'Unchanged0 B · 0%0 blocks',
    'Changed again2 MiB · 28%2 blocks',
    'Waiting1 MiB · 14%1 block',
    'Unknown0 B · 0%0 blocks',
  ]);
  expect(readout()).toBe('6.5 MiB · a cell is 2 blocks of 1 MiB');
});

test('the keys lead from cell to cell, and what they find is spoken', () => {
  show();
  press('ArrowRight');
  expect(readout()).toBe('Blocks 0 to 1, 0 to 2 MiB: verified');
  press('End');
  expect(readout()).toBe('Block 6, 6,144 to 6,656 KiB: waiting');
  expect(find('[aria-live=polite]').textContent).toBe(readout());
  // The cell that is looked at changes: seen at once, but not spoken into what one does.
  show({ states: codesOf(['verified', 'zero', 'verified', 'copied']) });
  expect(readout()).toBe('Block 6, 6,144 to 6,656 KiB: copied');
  expect(find('[aria-live=polite]').textContent).toContain('waiting');
  press('Escape');
  expect(readout()).toContain('a cell is');
});

test('a disk that shrank to fewer cells, or to none, forgets the cell', () => {
  show();
  press('End');
  show({ states: codesOf(['verified']), blocks: 1, blocksPerCell: 1, capacity: mebibyte });
  expect(readout()).toBe('1 MiB · a cell is one block of 1 MiB');
  show({ states: new Uint8Array(), blocks: 0, capacity: 0 });
  expect(readout()).toBe('This disk has no blocks.');
  press('End');
  expect(readout()).toBe('This disk has no blocks.');
});
