import '@mantine/core/styles.layer.css';
import '@mantine/notifications/styles.layer.css';
import '@mantine/spotlight/styles.layer.css';
import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { setNonce } from 'get-nonce';
import { createRoot } from 'react-dom/client';
import { connect } from './api/connect.ts';
import { createCore } from './api/queries.tsx';
import { App } from './app.tsx';

// Where a screen checks a form by the contract's schemas, Zod would compile them with `new Function`, which the page's policy refuses.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

// Who serves the page puts it there and in its policy; style elements that components make need it.
const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce;
if (nonce) setNonce(nonce);

createRoot(document.getElementById('root') as HTMLElement).render(<App core={createCore(connect())} nonce={nonce || undefined} />);
