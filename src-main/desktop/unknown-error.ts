/** An application that failed again within this time of its start is not started anew by itself: it would do so for ever. Milliseconds. */
export const RECENT = 10 * 60_000;
/** For runs to come to a checkpoint: what fails may also keep them from it. Milliseconds. */
const STOP_WITHIN = 60_000;
/** Nobody may be there: then it starts again, so that runs and schedules of the night go on. Milliseconds. */
const ANSWER_WITHIN = 60_000;

export interface UnknownErrorParts {
  /** Everything is closed, runs at a checkpoint. */
  stop: () => Promise<void>;
  /** What the person wants. The signal takes the question away again; it then answers `again`. */
  ask: (signal: AbortSignal | undefined) => Promise<'again' | 'quit'>;
  /** It was started anew after such an error, and not long ago. */
  recently: boolean;
  again: () => void;
  exit: () => void;
  log: (error: unknown, what: string) => void;
  /** Settles after that time, in milliseconds. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * An error that nobody caught left something half done, and nobody knows what. To go on could write what is wrong; to end loses nothing,
 * since runs go on from their last checkpoint even after a SIGKILL. So runs are stopped, all is closed, and it starts again.
 * A promise that failed unheard is only logged: what its function had begun was undone on the way out.
 */
export function createUnknownError(parts: UnknownErrorParts): (error: unknown) => Promise<void> {
  let ending = false;
  return async (error) => {
    parts.log(error, 'an error that nobody caught');
    if (ending) return;
    ending = true;
    await within(STOP_WITHIN, () => parts.stop().catch((failure) => parts.log(failure, 'stopping after the error')));
    let choice: 'again' | 'quit' = 'again';
    const ask = (signal?: AbortSignal) =>
      parts
        .ask(signal)
        .then((answer) => {
          choice = answer;
        })
        .catch((failure) => parts.log(failure, 'asking after the error'));
    await (parts.recently ? ask() : within(ANSWER_WITHIN, ask));
    if (choice === 'again') parts.again();
    parts.exit();
  };

  async function within(milliseconds: number, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const over = new AbortController();
    await Promise.race([act(over.signal), parts.wait(milliseconds, over.signal).catch(() => undefined)]);
    over.abort();
  }
}
