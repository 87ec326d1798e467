import { useMemo } from 'react';
import { matchRoute, useRouter } from 'wouter';
import type { ScreenProps } from '../screen-props.ts';
import { type Screen, screens } from '../screens.ts';

/** As the contract has it; what has other signs in it was mistyped, and the core would only say that it does not fit a pattern. */
const isId = (id: string | undefined) => id === undefined || /^[A-Za-z0-9._:-]{1,100}$/.test(id);

/** The first screen whose path fits. */
export function useScreen(location: string): { screen: Screen; params: ScreenProps['params'] } | undefined {
  const { parser } = useRouter();
  return useMemo(() => {
    for (const screen of screens) {
      const [fits, params] = matchRoute(parser, screen.path, location);
      if (!fits) continue;
      const given = params as ScreenProps['params'];
      return isId(given.id) ? { screen, params: given } : undefined;
    }
    return undefined;
  }, [parser, location]);
}
