import { navigate } from 'wouter/use-hash-location';

/** Opens a screen: a path as in screens.ts. */
export function go(path: string, options?: { replace?: boolean }): void {
  navigate(path, options);
}

/** The same as a link's href. */
export const hrefOf = (path: string): string => `#${path}`;
