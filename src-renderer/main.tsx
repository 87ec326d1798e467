import '@mantine/core/styles.layer.css';
import '@mantine/notifications/styles.layer.css';
import '@mantine/spotlight/styles.layer.css';
import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { setNonce } from 'get-nonce';
import { lazy, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import type { UnlockBridge } from '../src-preload/bridge.ts';
import { connect } from './api/connect.ts';
import { createCore } from './api/queries.tsx';
import { App } from './app.tsx';

// Where a screen checks a form by the contract's schemas, Zod would compile them with `new Function`, which the page's policy refuses.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

// Who serves the page puts it there and in its policy; style elements that components make need it.
const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce;
if (nonce) setNonce(nonce);

// Before the application's secrets are open it has another bridge, and nothing but one page.
const { octopusUnlock } = globalThis as { octopusUnlock?: UnlockBridge };
const Unlock = lazy(() => import('./features/unlock/index.tsx'));
const given = nonce ? { nonce } : {};

createRoot(document.getElementById('root') as HTMLElement).render(
  octopusUnlock ? (
    <Suspense>
      <Unlock bridge={octopusUnlock} {...given} />
    </Suspense>
  ) : (
    <App core={createCore(connect())} nonce={nonce || undefined} />
  ),
);
