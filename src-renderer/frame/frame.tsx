import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFileZip, IconPlugConnectedX, IconPlus, IconRefresh, IconSearch } from '@tabler/icons-react';
import { Suspense, useCallback, useEffect, useMemo, useRef } from 'react';
import { useLocation } from 'wouter';
import { useCore } from '../api/queries.tsx';
import { go, hrefOf } from '../go.ts';
import { leaveNotices, notifyDone } from '../notify.tsx';
import { screens } from '../screens.ts';
import { mayDo, useCaller, useSession } from '../stores/session.ts';
import { frameTexts } from '../texts/frame.ts';
import { Mark } from '../ui/mark.tsx';
import { EmptyState, LoadingRows } from '../ui/states.tsx';
import { type Command, useCommands } from './commands.ts';
import classes from './frame.module.css';
import { useKeySequence } from './key-sequence.ts';
import { Navigation, pathOf, useNarrow } from './navigation.tsx';
import { openPalette, Palette } from './palette.tsx';
import { ScreenBoundary } from './screen-boundary.tsx';
import { useScreen } from './use-screen.ts';
import { UserMenu, useSignOut } from './user-menu.tsx';

/** What stands around every screen once somebody is signed in. */
export function Frame() {
  const [location] = useLocation();
  const { role } = useCaller();
  const narrow = useNarrow();
  const main = useRef<HTMLElement>(null);
  const [shortcutsOpened, shortcuts] = useDisclosure();
  const found = useScreen(location);
  useFrameCommands(shortcuts.open);
  const arrived = useArrival();

  const jump = useCallback(
    (key: string) => {
      const screen = screens.find(({ navigation }) => navigation?.key === key);
      if (screen && mayDo(role, screen.role)) go(pathOf(screen));
    },
    [role],
  );
  useKeySequence(
    jump,
    useMemo(() => ({ '?': shortcuts.open }), [shortcuts]),
  );

  return (
    <div className={classes.frame} data-narrow={narrow || undefined}>
      <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
        {frameTexts.skip}
      </button>
      <header className={classes.top}>
        <a className={classes.brand} href={hrefOf('/')}>
          <span className={classes.mark}>
            <Mark />
          </span>
          {frameTexts.product}
        </a>
        <button type="button" className={classes.search} onClick={openPalette}>
          <IconSearch size={15} aria-hidden />
          <span>{frameTexts.search}</span>
          <kbd className={classes.key}>Ctrl K</kbd>
        </button>
        <div className={classes.space} />
        <UserMenu shortcuts={{ opened: shortcutsOpened, ...shortcuts }} />
      </header>
      <LostBanner />
      <Navigation current={found?.screen} />
      <main className={classes.main} ref={main} tabIndex={-1} id="main">
        <ScreenBoundary key={found?.screen.id ?? location}>
          <Suspense fallback={<Waiting />}>
            <div className={classes.screen}>
              <Shown location={location} onArrival={arrived} />
            </div>
          </Suspense>
        </ScreenBoundary>
      </main>
      <Palette />
    </div>
  );
}

const Waiting = () => (
  <div className={classes.screen}>
    <LoadingRows />
  </div>
);

function Shown({ location, onArrival }: { location: string; onArrival: (text: string | undefined) => void }) {
  const found = useScreen(location);
  const { role } = useCaller();
  const id = found?.screen.id;
  const text = found?.screen.text;
  // Not before the screen is there: until then this component waits too.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another screen may have the same text
  useEffect(() => onArrival(text), [onArrival, id, text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another screen is shown
  useEffect(leaveNotices, [id]);
  const back = (
    <Button variant="default" component="a" href={hrefOf('/')}>
      {frameTexts.toOverview}
    </Button>
  );
  if (!found) return <EmptyState title={frameTexts.notFoundTitle} hint={frameTexts.notFoundHint} actions={back} />;
  if (!mayDo(role, found.screen.role))
    return <EmptyState title={frameTexts.forbiddenTitle} hint={frameTexts.forbiddenHint} actions={back} />;
  const { component: Component } = found.screen;
  return <Component params={found.params} />;
}

/** The window is called after the screen, and the focus goes to its title: but not when the client starts. */
function useArrival(): (text: string | undefined) => void {
  const first = useRef(true);
  return useCallback((text) => {
    document.title = text === undefined ? frameTexts.product : `${text} – ${frameTexts.product}`;
    if (first.current) first.current = false;
    else document.querySelector<HTMLElement>('#main h1')?.focus({ preventScroll: true });
  }, []);
}

function LostBanner() {
  const lost = useSession(({ stream }) => stream === 'lost');
  return (
    <div className={classes.banner} role="status">
      {lost ? (
        <div className={classes.lost}>
          <IconPlugConnectedX size={16} aria-hidden />
          {frameTexts.lost}
        </div>
      ) : null}
    </div>
  );
}

/** For administrators. */
const additions: readonly Command[] = [
  { id: 'add-source', text: frameTexts.addSource, icon: IconPlus, words: frameTexts.addSourceWords, run: () => go('/sources/new-vsphere') },
  { id: 'add-target', text: frameTexts.addTarget, icon: IconPlus, words: frameTexts.addWords, run: () => go('/targets/new') },
  { id: 'add-user', text: frameTexts.addUser, icon: IconPlus, words: frameTexts.addWords, run: () => go('/users/new') },
];

function useFrameCommands(openShortcuts: () => void): void {
  const { client, invalidator } = useCore();
  const { role } = useCaller();
  const signOut = useSignOut();
  const latestSignOut = useRef(signOut);
  latestSignOut.current = signOut;
  const commands = useMemo((): Command[] => {
    const { desktop } = client;
    return [
      ...(mayDo(role, 'operator')
        ? [
            {
              id: 'new-migration',
              text: frameTexts.newMigration,
              icon: IconPlus,
              words: frameTexts.addWords,
              run: () => go('/migrations/new'),
            },
          ]
        : []),
      ...(mayDo(role, 'admin') ? additions : []),
      { id: 'reload', text: frameTexts.reload, icon: IconRefresh, run: () => invalidator.all() },
      { id: 'shortcuts', text: frameTexts.shortcuts, run: openShortcuts },
      ...(desktop
        ? [
            {
              id: 'diagnostics',
              text: frameTexts.diagnostics,
              icon: IconFileZip,
              run: () =>
                void desktop.saveDiagnostics().then((file) => {
                  if (file !== undefined) notifyDone(frameTexts.diagnosticsSaved(file));
                }),
            },
          ]
        : []),
    ];
  }, [client, invalidator, role, openShortcuts]);
  useCommands('frame', commands);

  useEffect(
    () =>
      client.desktop?.onCommand((command) => {
        if (command.type === 'navigate') go(command.to);
        else if (command.type === 'palette') openPalette();
        else if (command.type === 'new-migration') go('/migrations/new');
        else if (command.type === 'sign-out') latestSignOut.current();
        else if (command.type === 'help') openShortcuts();
        else if (command.type === 'reload-data') invalidator.all();
      }),
    [client, invalidator, openShortcuts],
  );
}
