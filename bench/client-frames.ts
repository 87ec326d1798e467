import type { Page } from '@playwright/test';

export interface Frames {
  frames: number;
  /** Milliseconds from one frame to the next. */
  longest: number;
  overFifty: number;
}

/** How evenly the page draws, for so many milliseconds: a frame that comes late is one that others were dropped for. */
export function framesWhile(page: Page, milliseconds: number): Promise<Frames> {
  return page.evaluate(
    (watched) =>
      new Promise<Frames>((resolve) => {
        const { requestAnimationFrame } = globalThis as unknown as { requestAnimationFrame(act: (now: number) => void): void };
        const found: Frames = { frames: 0, longest: 0, overFifty: 0 };
        let begun: number | undefined;
        let before = 0;
        const frame = (now: number): void => {
          if (begun === undefined) begun = now;
          else {
            const took = now - before;
            found.frames++;
            found.longest = Math.max(found.longest, took);
            if (took > 50) found.overFifty++;
          }
          before = now;
          if (now - begun < watched) requestAnimationFrame(frame);
          else resolve(found);
        };
        requestAnimationFrame(frame);
      }),
    milliseconds,
  );
}
