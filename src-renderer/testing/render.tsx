import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, configure, render } from '@testing-library/react';
import { type ReactNode, Suspense } from 'react';
import { afterEach } from 'vitest';
import { Router } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import type { Output, RouteId } from '../../src-preload/contract/routes.ts';
import type { CallInput, Client } from '../api/client.ts';
import { ClientError } from '../api/client-error.ts';
import { CoreProvider, createCore } from '../api/queries.tsx';
import type { StoredEvent } from '../api/stored-event.ts';
import { type Caller, useSession } from '../stores/session.ts';
import { cssVariables, theme } from '../theme.ts';

/** What the core answers: a value, an error, or a function of the input. A route that is not here is not found. */
export type Answers = { [Id in RouteId]?: Output<Id> | ClientError | ((input: CallInput<Id>) => Output<Id> | Promise<Output<Id>>) };

// Milliseconds. A machine that is busy with other things must not make a test fail.
configure({ asyncUtilTimeout: 60_000 });

afterEach(cleanup);

/** A client without a core, for tests of screens. */
export function createTestClient(answers: Answers, kind: Client['kind'] = 'web') {
  const calls: { id: RouteId; input: unknown }[] = [];
  const listeners = new Set<(event: StoredEvent) => void>();
  const client: Client = {
    kind,
    async call(id, input) {
      calls.push({ id, input });
      const answer: unknown = answers[id];
      if (answer === undefined && !(id in answers)) throw new ClientError('not.found', `The test has no answer for ${id}.`);
      const given: unknown = typeof answer === 'function' ? await answer(input) : answer;
      if (given instanceof ClientError) throw given;
      return given as never;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onSignedOut: () => () => {},
  };
  return {
    client,
    answers,
    calls,
    tell: (event: StoredEvent) => {
      for (const listener of listeners) listener(event);
    },
  };
}

/** Shows a screen, or a part of one, to somebody who is signed in. Needs `// @vitest-environment happy-dom` at the top of the test. */
export function renderWith(children: ReactNode, answers: Answers = {}, user: Partial<Caller> = {}, kind?: Client['kind']) {
  // The virtual rows ask how high their table is; without layout everything has no size.
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, value: 400 });
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, value: 900 });
  useSession.setState({
    session: { state: 'signed-in', user: { id: 'u1', name: 'anna', role: 'admin', mustChangePassword: false, ...user } },
  });
  const test = createTestClient(answers, kind);
  const core = createCore(test.client);
  core.queries.setDefaultOptions({ queries: { ...core.queries.getDefaultOptions().queries, retry: false } });
  const shown = render(
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} env="test">
      <QueryClientProvider client={core.queries}>
        <CoreProvider value={core}>
          <ModalsProvider>
            <Router hook={useHashLocation}>
              <Suspense>{children}</Suspense>
            </Router>
            <Notifications />
          </ModalsProvider>
        </CoreProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...test, ...shown, core };
}
