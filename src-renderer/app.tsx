import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { Router } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { type Core, CoreProvider } from './api/queries.tsx';
import { EntryPage } from './frame/entry-page.tsx';
import frameClasses from './frame/frame.module.css';
import { Frame } from './frame/frame.tsx';
import { PasswordForm } from './frame/password-form.tsx';
import { Themed } from './frame/themed.tsx';
import { createLiveFeed } from './stores/live.ts';
import { usePreferences } from './stores/preferences.ts';
import { loadSession, signedIn, signedOut, streamIs, useSession } from './stores/session.ts';
import { frameTexts, passwordTexts } from './texts/frame.ts';
import { ErrorState } from './ui/states.tsx';

const FirstStart = lazy(() => import('./features/first-start/index.tsx'));
const SignIn = lazy(() => import('./features/sign-in/index.tsx'));

export function App({ core, nonce }: { core: Core; nonce: string | undefined }) {
  return (
    <Themed nonce={nonce}>
      <QueryClientProvider client={core.queries}>
        <CoreProvider value={core}>
          <ModalsProvider>
            <Router hook={useHashLocation}>
              <Suspense fallback={<EntryPage hint={frameTexts.starting} />}>
                <Door core={core} />
              </Suspense>
            </Router>
            <Notifications position="bottom-left" limit={4} pauseResetOnHover="notification" className={frameClasses.notices} />
          </ModalsProvider>
        </CoreProvider>
      </QueryClientProvider>
    </Themed>
  );
}

/** Lets in who is signed in; everybody else comes to the right door. */
function Door({ core }: { core: Core }) {
  const session = useSession((store) => store.session);
  const appearance = usePreferences((preferences) => preferences.appearance);
  const { client } = core;
  useEffect(() => client.desktop?.setAppearance(appearance), [client, appearance]);
  useEffect(() => {
    void loadSession(client);
    return client.onSignedOut(() => {
      signedOut(true);
      core.queries.clear();
    });
  }, [client, core]);
  // It may only be starting still.
  useEffect(() => {
    if (session.state !== 'unreachable') return;
    const timer = setTimeout(() => void loadSession(client), 3000);
    return () => clearTimeout(timer);
  }, [client, session]);
  useStream(core, session.state === 'signed-in' && !session.user.mustChangePassword);

  if (session.state === 'starting') return <EntryPage hint={frameTexts.starting} />;
  if (session.state === 'unreachable') {
    return (
      <EntryPage>
        <ErrorState error={session.error} onRetry={() => void loadSession(client)} />
      </EntryPage>
    );
  }
  if (session.state === 'first-start') return <FirstStart />;
  if (session.state === 'signed-out') return <SignIn ended={session.ended ?? false} />;
  if (session.user.mustChangePassword) {
    return (
      <EntryPage title={passwordTexts.mustTitle} hint={passwordTexts.mustHint} panel>
        <PasswordForm typed={session.typed} onDone={() => signedIn({ ...session.user, mustChangePassword: false })} />
      </EntryPage>
    );
  }
  return <Frame />;
}

/** Events keep everything up to date while somebody is signed in. */
function useStream({ client, invalidator }: Core, on: boolean): void {
  useEffect(() => {
    if (!on) return;
    const live = createLiveFeed();
    return client.subscribe(
      (event) => {
        live(event);
        invalidator.event(event);
      },
      () => invalidator.all(),
      streamIs,
    );
  }, [client, invalidator, on]);
}
