import type { TaskPort } from './transfer.ts';

/** Two ends of a channel within this thread: messages arrive in their order, in a later turn, and none after either end was closed. */
export function createInlineChannel<First, Second>(): { port1: TaskPort<First>; port2: TaskPort<Second> } {
  let closed = false;
  const pair: [((message: never) => void)[], ((message: never) => void)[]] = [[], []];
  const end = <Received>(mine: 0 | 1): TaskPort<Received> => ({
    postMessage(message) {
      setImmediate(() => {
        if (!closed) for (const listener of pair[mine === 0 ? 1 : 0]) listener(message as never);
      });
    },
    on: (_event, listener) => pair[mine].push(listener),
    close() {
      closed = true;
    },
  });
  return { port1: end<First>(0), port2: end<Second>(1) };
}
