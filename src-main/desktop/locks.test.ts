import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebContents } from 'electron';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDesktopOptions } from './desktop-options.ts';
import { allowedLink } from './links.ts';
import { lockContents, mayLoad } from './lockdown.ts';
import { createPageHandler } from './page.ts';

describe('links', () => {
  it.each(['https://docs.aws.amazon.com/ebs/', 'https://learn.microsoft.com/azure?x=1'])('%s may be opened', (url) => {
    expect(allowedLink(url)).toBe(url);
  });

  it.each([
    'http://docs.aws.amazon.com/',
    'https://docs.aws.amazon.com.example.com/',
    'https://docs.aws.amazon.com:8443/',
    'https://user:pass@docs.aws.amazon.com/',
    'https://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://server/share',
    'app://octopus/',
    '//docs.aws.amazon.com/',
    `https://docs.aws.amazon.com/${'x'.repeat(3000)}`,
    '',
    undefined,
    { toString: () => 'https://docs.aws.amazon.com/' },
  ])('%s may not', (url) => {
    expect(allowedLink(url, 'http://127.0.0.1:8470')).toBeUndefined();
  });

  it('to our own REST server lead there alone', () => {
    expect(allowedLink('http://127.0.0.1:8470/api/docs', 'http://127.0.0.1:8470')).toBe('http://127.0.0.1:8470/api/docs');
    expect(allowedLink('http://127.0.0.1:8471/', 'http://127.0.0.1:8470')).toBeUndefined();
    expect(allowedLink('http://127.0.0.1:8470/')).toBeUndefined();
  });
});

describe('the page', () => {
  let folder: string;
  let ask: (url: string, method?: string) => Promise<Response>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'octopus-page-'));
    await mkdir(join(folder, 'renderer', 'assets'), { recursive: true });
    await writeFile(join(folder, 'renderer', 'index.html'), '<meta name="nonce" content="__NONCE__"><style nonce="__NONCE__"></style>');
    await writeFile(join(folder, 'renderer', 'assets', 'main-1.js'), 'let n = "__NONCE__"');
    await writeFile(join(folder, 'secret.txt'), 'secret');
    const handler = createPageHandler({ folder: join(folder, 'renderer'), random: randomBytes });
    ask = (url, method = 'GET') => handler(new Request(url, { method }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('comes with a policy and a fresh nonce', async () => {
    const [one, other] = await Promise.all([ask('app://octopus/'), ask('app://octopus/index.html')]);
    const policy = one.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(Buffer.from(nonce, 'base64')).toHaveLength(16);
    expect(await one.text()).toBe(`<meta name="nonce" content="${nonce}"><style nonce="${nonce}"></style>`);
    expect(other.headers.get('content-security-policy')).not.toBe(policy);
    expect(policy).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(one.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('has its other files as they are', async () => {
    const answer = await ask('app://octopus/assets/main-1.js?x#y');
    expect(answer.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(await answer.text()).toContain('__NONCE__');
  });

  it.each([
    'app://octopus/../secret.txt',
    'app://octopus/%2e%2e/secret.txt',
    'app://octopus/..%2fsecret.txt',
    'app://octopus/assets/..%2f..%2fsecret.txt',
    'app://octopus/..%5csecret.txt',
    'app://octopus//etc/passwd',
    'app://octopus/index.html%00.js',
    'app://octopus/%',
    'app://octopus/assets',
    'app://other/index.html',
    'file:///etc/passwd',
  ])('has nothing at %s', async (url) => {
    const answer = await ask(url);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('secret');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('can only be read', async () => {
    expect((await ask('app://octopus/', 'POST')).status).toBe(405);
  });
});

describe('what a window may do', () => {
  it('loads nothing from elsewhere', () => {
    for (const url of ['app://octopus/x', 'data:image/png;base64,AA', 'blob:app://octopus/1']) expect(mayLoad(url, false)).toBe(true);
    for (const url of ['https://example.com/', 'file:///etc/passwd', 'app://other/', 'data:text/html,x', 'ws://x/', 'devtools://x']) {
      expect(mayLoad(url, false)).toBe(false);
    }
    expect(mayLoad('devtools://devtools/bundled/x', true)).toBe(true);
  });

  it('goes nowhere and opens nothing', () => {
    const listeners = new Map<string, (event: { preventDefault(): void; url: string }) => void>();
    let open: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
    const opened: string[] = [];
    const refused: string[] = [];
    lockContents(
      {
        on: (name: string, listener: never) => listeners.set(name, listener),
        setWindowOpenHandler: (handler: never) => {
          open = handler;
        },
      } as unknown as WebContents,
      { openExternal: (url) => opened.push(url), ownOrigin: () => undefined, onRefused: (_what, address) => refused.push(address) },
    );
    for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
      let prevented = false;
      const preventDefault = () => {
        prevented = true;
      };
      listeners.get(name)?.({ preventDefault, url: 'app://octopus/other' });
      expect([name, prevented]).toEqual([name, true]);
    }
    expect(open({ url: 'https://learn.microsoft.com/' })).toEqual({ action: 'deny' });
    expect(open({ url: 'https://example.com/' })).toEqual({ action: 'deny' });
    expect(opened).toEqual(['https://learn.microsoft.com/']);
    expect(refused).toContain('https://example.com/');
  });
});

describe('the command line of the application', () => {
  it('says where the data is', () => {
    expect(readDesktopOptions(['/app', '--no-sandbox'], '/home/ann')).toEqual({
      dataFolder: '/home/ann/.octopus',
      passphraseFile: undefined,
      hidden: false,
      afterError: undefined,
    });
    const all = ['--data', '/d', '--vault=file', '--passphrase-file', '/p', '--hidden', '--after-error=5'];
    expect(readDesktopOptions(all)).toEqual({ dataFolder: '/d', passphraseFile: '/p', hidden: true, afterError: 5 });
  });

  it.each([[['--data']], [['--data', '--hidden']], [['--vault', 'paper']], [['--vault', 'file']], [['--passphrase-file', '/p']]])(
    'refuses %j',
    (args) => {
      expect(() => readDesktopOptions(args)).toThrow(expect.objectContaining({ code: 'argument.invalid' }));
    },
  );
});
