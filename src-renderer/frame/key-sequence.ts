import { useEffect } from 'react';

/** Milliseconds within which the letter has to follow the G. */
const PATIENCE = 1500;

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** G and then a letter, as many programs have it; never while somebody types or a dialog is open. */
export function useKeySequence(act: (key: string) => void, single: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    let armed = -Infinity;
    function onKeyDown(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('[aria-modal="true"]')) return;
      const key = event.key.toLowerCase();
      if (event.timeStamp - armed < PATIENCE) {
        armed = -Infinity;
        act(key);
      } else if (key === 'g') armed = event.timeStamp;
      else single[key]?.();
    }
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [act, single]);
}
