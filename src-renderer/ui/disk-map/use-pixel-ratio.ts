import { useSyncExternalStore } from 'react';

/** Device pixels of a CSS pixel: changes with the zoom and when the window moves to another screen. */
export function usePixelRatio(): number {
  return useSyncExternalStore(subscribe, read, () => 1);
}

const read = () => window.devicePixelRatio || 1;

function subscribe(changed: () => void): () => void {
  // The query matches only the present ratio, so that it is made anew after each change.
  let query: MediaQueryList | undefined;
  const listen = () => {
    query?.removeEventListener('change', onChange);
    query = window.matchMedia(`(resolution: ${read()}dppx)`);
    query.addEventListener('change', onChange);
  };
  const onChange = () => {
    listen();
    changed();
  };
  listen();
  return () => query?.removeEventListener('change', onChange);
}
