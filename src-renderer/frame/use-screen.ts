import { useMemo } from 'react';
import { matchRoute, useRouter } from 'wouter';
import type { ScreenProps } from '../screen-props.ts';
import { type Screen, screens } from '../screens.ts';

/** The first screen whose path fits. */
export function useScreen(location: string): { screen: Screen; params: ScreenProps['params'] } | undefined {
  const { parser } = useRouter();
  return useMemo(() => {
    for (const screen of screens) {
      const [fits, params] = matchRoute(parser, screen.path, location);
      if (fits) return { screen, params: params as ScreenProps['params'] };
    }
    return undefined;
  }, [parser, location]);
}
