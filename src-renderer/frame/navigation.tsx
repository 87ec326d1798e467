import { Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from '@tabler/icons-react';
import { hrefOf } from '../go.ts';
import { type Screen, screens } from '../screens.ts';
import { prefer, usePreferences } from '../stores/preferences.ts';
import { mayDo, useCaller } from '../stores/session.ts';
import { frameTexts } from '../texts/frame.ts';
import classes from './frame.module.css';

/** Only icons: by choice, or where the window is narrow. */
export function useNarrow(): boolean {
  const chosen = usePreferences((preferences) => preferences.narrowNavigation);
  return useMediaQuery('(max-width: 1023px)') || chosen;
}

export const pathOf = (screen: Screen): string => screen.path.replace(/\/:.*$/, '') || '/';

export function Navigation({ current }: { current: Screen | undefined }) {
  const narrow = useNarrow();
  const { role } = useCaller();
  const entry = current?.under ?? current?.id;
  const Fold = narrow ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  const fold = narrow ? frameTexts.wide : frameTexts.narrow;
  const chosen = usePreferences((preferences) => preferences.narrowNavigation);
  return (
    <nav className={classes.side} aria-label={frameTexts.navigation}>
      {screens.map((screen) => {
        if (!screen.navigation || !mayDo(role, screen.role)) return null;
        const { icon: Icon, text, key } = screen.navigation;
        return (
          <Tooltip key={screen.id} label={text} position="right" disabled={!narrow}>
            <a
              className={`${classes.entry} ${narrow ? classes.narrow : ''}`}
              href={hrefOf(pathOf(screen))}
              aria-current={entry === screen.id ? 'page' : undefined}
              aria-label={narrow ? text : undefined}
            >
              <Icon size={17} stroke={1.7} aria-hidden />
              {narrow ? null : <span>{text}</span>}
              {narrow ? null : (
                <kbd className={classes.key} aria-hidden>
                  G {key.toUpperCase()}
                </kbd>
              )}
            </a>
          </Tooltip>
        );
      })}
      {narrow && !chosen ? null : (
        <button
          type="button"
          className={`${classes.entry} ${classes.fold} ${narrow ? classes.narrow : ''}`}
          onClick={() => prefer({ narrowNavigation: !chosen })}
          aria-label={fold}
          title={fold}
        >
          <Fold size={17} stroke={1.7} aria-hidden />
        </button>
      )}
    </nav>
  );
}
