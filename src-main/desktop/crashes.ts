/** How often a window is loaded again by itself, and within which time. Milliseconds. */
const TRIES = 3;
const WITHIN = 60_000;

/** Whether a page that crashed is loaded again, or a person asked first: one that crashes at once would do so for ever. */
export function createCrashPolicy(now: () => number): () => 'reload' | 'ask' {
  let times: number[] = [];
  return () => {
    times = [...times.filter((time) => now() - time < WITHIN), now()];
    return times.length > TRIES ? 'ask' : 'reload';
  };
}
