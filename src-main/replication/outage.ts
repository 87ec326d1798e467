import type { ReplicationEvent } from './context.ts';
import type { Outage } from './retry.ts';

/** `runOf`: whose page and log tell it; undefined while there is none. */
export function createOutage(runOf: () => string | undefined, onEvent: (event: ReplicationEvent) => void): Outage {
  let told = false;
  return {
    failed(attempt, { code, message }) {
      const runId = runOf();
      if (told || runId === undefined) return;
      told = true;
      onEvent({ type: 'retry', runId, key: undefined, attempt, code, message });
    },
    passed({ code }) {
      const runId = runOf();
      if (!told || runId === undefined) return;
      told = false;
      onEvent({ type: 'note', runId, text: overText(code) });
    },
  };
}

function overText(code: string): string {
  if (code === 'source.unreachable') return 'The source answers again.';
  return code === 'target.unreachable' ? 'The target answers again.' : 'It went through: the run goes on.';
}
