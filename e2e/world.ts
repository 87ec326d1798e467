import type { Page } from '@playwright/test';
import type { z } from 'zod';
import type { Output, RouteId, Routes } from '../src-preload/contract/routes.ts';

export type Where = 'desktop' | 'web' | 'packed';

/** Octopus as a person meets it, in a window of its own or in a browser, with data of its own. */
export interface World extends AsyncDisposable {
  readonly where: Where;
  /** Another after a restart of the application. */
  readonly page: Page;
  /** For whatever a journey needs; gone at the end. */
  readonly folder: string;
  /** Where the page lives: everything it asks for begins with this. */
  readonly origin: string;
  /** What the pages asked for so far, at other addresses than that. */
  readonly foreign: string[];
  /** What went wrong in the pages so far, unseen by whoever looks at them. */
  readonly faults: string[];
  /** Typed by a person on the first screen of a browser; the window needs none. */
  readonly setUpToken: string | undefined;
  /** As the administrator, past the screens: to prepare something, or to look behind them. */
  call<Id extends RouteId>(route: Id, input?: CallInput<Id>): Promise<Output<Id>>;
  /** Ended as a person does it, and opened again. */
  restart(): Promise<void>;
  /** Ended by SIGKILL, and opened again. */
  kill(): Promise<void>;
}

type Part<Id extends RouteId, Name extends string> = Routes[Id] extends Record<Name, z.ZodType> ? z.input<Routes[Id][Name]> : never;
/** What a call gives: the parts that its route has. */
export interface CallInput<Id extends RouteId> {
  params?: Part<Id, 'params'>;
  query?: Part<Id, 'query'>;
  body?: Part<Id, 'body'>;
}

export const administrator = { name: 'ann', password: 'a long sentence for the test' } as const;

/** Notes what a page does that it should not. */
export function watch(page: Page, origin: string, seen: { foreign: string[]; faults: string[] }): void {
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith(`blob:${origin}`)) seen.foreign.push(url);
  });
  page.on('pageerror', (error) => seen.faults.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    const text = message.text();
    // An answer that is an error is no fault of the page: it says so itself.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource:')) seen.faults.push(text);
  });
}
