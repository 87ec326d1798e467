import { describe, expect, it } from 'vitest';
import { OctopusError } from '../../workers/octopus-error.ts';
import { createRestSwitch } from './rest-switch.ts';
import { createUnknownError } from './unknown-error.ts';

describe('an error that nobody caught', () => {
  function world(recently: boolean, given: { stop?: () => Promise<void>; answer?: 'again' | 'quit' }) {
    const said: string[] = [];
    const handle = createUnknownError({
      recently,
      stop: async () => {
        said.push('stop');
        await given.stop?.();
      },
      async ask(signal) {
        said.push(signal ? 'ask for a while' : 'ask');
        if (given.answer) return given.answer;
        return new Promise((resolve) => signal?.addEventListener('abort', () => resolve('again')));
      },
      again: () => said.push('again'),
      exit: () => said.push('exit'),
      log: (error, what) => said.push(`${what}: ${(error as Error).message}`),
      // Time passes at once where nothing else happens.
      wait: () => new Promise((resolve) => setTimeout(resolve, 20)),
    });
    return { handle, said };
  }

  it('stops all and asks; a second one on the way is only logged', async () => {
    const { handle, said } = world(false, { answer: 'quit' });
    await Promise.all([handle(new Error('first')), handle(new Error('second'))]);
    expect(said).toEqual(['an error that nobody caught: first', 'stop', 'an error that nobody caught: second', 'ask for a while', 'exit']);
  });

  it('starts again where nobody is there, also where what is open does not close', async () => {
    const { handle, said } = world(false, { stop: () => new Promise(() => {}) });
    await handle(new Error('x'));
    expect(said.slice(1)).toEqual(['stop', 'ask for a while', 'again', 'exit']);
  });

  it('waits for a person where it happens again soon', async () => {
    const { handle, said } = world(true, { answer: 'again', stop: () => Promise.reject(new Error('stuck')) });
    await handle(new Error('x'));
    expect(said.slice(1)).toEqual(['stop', 'stopping after the error: stuck', 'ask', 'again', 'exit']);
  });
});

describe('the REST API of the application', () => {
  it('follows its settings one after the other, and says where it cannot', async () => {
    const values: Record<string, unknown> = { 'rest.enabled': false, 'rest.port': 1 };
    const listeners = new Set<(change: { name: string }) => void>();
    const applied: unknown[] = [];
    const said: string[] = [];
    let fails = false;
    const rest = createRestSwitch({
      settings: {
        get: (name: string) => values[name],
        onChange: (listener: never) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        applied: (names: unknown) => applied.push(names),
      } as never,
      async open() {
        if (fails) throw new OctopusError('argument.invalid', 'The port is taken.');
        const port = values['rest.port'];
        said.push(`open ${port}`);
        return { origin: `http://127.0.0.1:${port}`, close: async () => void said.push(`close ${port}`) };
      },
      onFailure: (error) => void said.push(error.message),
    });
    const set = (name: string, value: unknown) => {
      values[name] = value;
      for (const listener of listeners) listener({ name });
    };
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rest.origin()).toBeUndefined();
    set('rest.enabled', true);
    set('scheduler.concurrentRuns', 5);
    await expect.poll(() => rest.origin()).toBe('http://127.0.0.1:1');
    expect(applied).toHaveLength(1);
    set('rest.port', 2);
    set('rest.port', 3);
    await expect.poll(() => rest.origin()).toBe('http://127.0.0.1:3');
    fails = true;
    set('rest.port', 4);
    await expect.poll(() => said.at(-1)).toBe('The port is taken.');
    expect(rest.origin()).toBeUndefined();
    fails = false;
    set('rest.port', 5);
    await expect.poll(() => rest.origin()).toBe('http://127.0.0.1:5');
    await rest.close();
    set('rest.port', 6);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(said).toEqual(['open 1', 'close 1', 'open 3', 'close 3', 'The port is taken.', 'open 5', 'close 5']);
  });
});
