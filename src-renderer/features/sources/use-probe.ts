import { useRef, useState } from 'react';

/** The newest of several tests wins: what an older one answers later is thrown away. */
export function useNewest<Input, Result>(ask: (input: Input) => Promise<Result>) {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<{ key: string; result: Result }>();
  const turn = useRef(0);
  async function run(key: string, input: Input): Promise<void> {
    const mine = ++turn.current;
    setBusy(true);
    try {
      const result = await ask(input);
      if (mine === turn.current) setFound({ key, result });
    } catch {
      // Said where it was asked.
      if (mine === turn.current) setFound(undefined);
    } finally {
      if (mine === turn.current) setBusy(false);
    }
  }
  return { busy, found, run };
}
