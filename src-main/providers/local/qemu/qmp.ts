import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { OctopusError } from '../../../../workers/octopus-error.ts';

/** QEMU's machine protocol over a unix socket: https://www.qemu.org/docs/master/interop/qmp-spec.html. Whoever opens it closes it. */
export interface Qmp {
  execute<T = unknown>(command: string, args?: Record<string, unknown>): Promise<T>;
  /** Answers from then on fail. */
  close(): void;
}

interface Answer {
  QMP?: unknown;
  return?: unknown;
  error?: { class: string; desc: string };
  event?: string;
  id?: number;
}

/** Waits until QEMU listens, at most `timeoutMs`. */
export async function connectQmp(path: string, timeoutMs: number, signal?: AbortSignal): Promise<Qmp> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await open(path);
    } catch (error) {
      if (Date.now() > deadline)
        throw new OctopusError('target.write', `QEMU does not answer on its monitor: ${(error as Error).message}`, { cause: error });
    }
    await sleep(50, undefined, { signal });
  }
}

async function open(path: string): Promise<Qmp> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const made = connect(path, () => resolve(made));
    made.once('error', reject);
  });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  let text = '';
  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    socket.destroy();
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new OctopusError('target.write', 'QEMU closed its monitor.')));
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      let answer: Answer;
      try {
        answer = JSON.parse(line) as Answer;
      } catch {
        fail(new OctopusError('target.write', 'QEMU answered something that is not JSON.'));
        return;
      }
      const call = answer.id === undefined ? undefined : waiting.get(answer.id);
      if (answer.id === undefined || call === undefined) continue; // the greeting, or an event
      waiting.delete(answer.id);
      if (answer.error) call.reject(new OctopusError('target.write', `QEMU refused: ${answer.error.desc}`));
      else call.resolve(answer.return);
    }
  });
  const execute = <T>(command: string, args?: Record<string, unknown>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (socket.destroyed) {
        reject(new OctopusError('target.write', 'QEMU closed its monitor.'));
        return;
      }
      const id = ++last;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  await execute('qmp_capabilities');
  return { execute, close: () => socket.destroy() };
}
