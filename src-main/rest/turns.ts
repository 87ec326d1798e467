export interface Turns {
  take<Result>(path: string, act: () => Promise<Result>): Promise<Result>;
}

/** Changes of one path wait for each other: between a precondition and its change no other request comes in. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    async take(path, act) {
      const before = last.get(path);
      const mine = before === undefined ? act() : before.then(act, act);
      last.set(path, mine);
      try {
        return await mine;
      } finally {
        if (last.get(path) === mine) last.delete(path);
      }
    },
  };
}
