import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebContents } from 'electron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channels, type UnlockAnswer, type UnlockQuestion } from '../../src-preload/bridge.ts';
import { OctopusError } from '../../workers/octopus-error.ts';
import { openVault, vaultFile } from '../vault/open-vault.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { openSecrets, type SecretsParts } from './open-secrets.ts';
import { openUnlockDoor } from './unlock-door.ts';

const passphrase = 'a passphrase of the test';
/** Milliseconds: making a key is slow on purpose. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octopus-unlock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A person who answers in this order, at the real file and a keychain that answers as told. */
function world(answers: UnlockAnswer[], keychain: () => Promise<SecretStore>, before?: 'keychain' | 'file') {
  const questions: UnlockQuestion[] = [];
  const remembered: string[] = [];
  let done = 0;
  const parts: SecretsParts = {
    door: {
      ask(question) {
        questions.push(question);
        const answer = answers.shift();
        return answer ? Promise.resolve(answer) : new Promise(() => {});
      },
      done: () => void done++,
    },
    hasFile: () =>
      readFile(join(folder, vaultFile)).then(
        () => true,
        () => false,
      ),
    before: () => before,
    remember: (store) => void remembered.push(store),
    openKeychain: keychain,
    openFile: (given) => openVault({ mode: 'file', folder, passphrase: async () => given }),
    patience: () => new Promise((resolve) => setTimeout(resolve, 20)),
    onFailure: () => undefined,
  };
  return { open: () => openSecrets(parts), questions, remembered, done: () => done };
}
const none = async () => {
  throw new OctopusError('vault.unavailable', 'There is no bus.');
};
const store = () => ({ list: async () => ['of the keychain'], [Symbol.asyncDispose]: async () => {} }) as unknown as SecretStore;

describe('opening the secrets', () => {
  it('takes the keychain where it answers, and asks nobody', async () => {
    const { open, questions, remembered } = world([], async () => store());
    expect(await (await open()).list()).toEqual(['of the keychain']);
    expect([questions, remembered]).toEqual([[], ['keychain']]);
  });

  it('asks where there is none, makes the file once, and then asks for its passphrase until it is right', async () => {
    const first = world([{ with: 'keychain' }, { with: 'file', passphrase: 'short' }, { with: 'file', passphrase }], none);
    const made = await first.open();
    await made.set('a/b', 'planted');
    await made[Symbol.asyncDispose]();
    const why = 'There is no bus.';
    expect(first.questions).toEqual([
      { ask: 'choose', why },
      { ask: 'choose', why },
      { ask: 'choose', why: 'A passphrase has at least 12 characters.' },
    ]);
    expect([first.remembered, first.done()]).toEqual([['file'], 1]);

    const second = world(
      [
        { with: 'file', passphrase: 'not that passphrase' },
        { with: 'file', passphrase },
      ],
      async () => store(),
      'file',
    );
    const opened = await second.open();
    expect(await opened.get('a/b')).toBe('planted');
    await opened[Symbol.asyncDispose]();
    expect(second.questions).toMatchObject([{ ask: 'passphrase' }, { ask: 'passphrase', problem: { kind: 'wrong' } }]);
  });

  it('says that the file was altered, and that it is gone, and never takes the keychain in its place', async () => {
    await (await world([{ with: 'file', passphrase }], none).open())[Symbol.asyncDispose]();
    // The person finds the wrong before they go for the one that is whole: nothing is overwritten.
    const path = join(folder, vaultFile);
    const whole = await readFile(path);
    const bytes = Buffer.from(whole);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    await writeFile(path, bytes);
    const altered = world([{ with: 'file', passphrase }], async () => store(), 'file');
    altered.open().catch(() => undefined);
    await expect.poll(() => altered.questions).toMatchObject([{ ask: 'passphrase' }, { ask: 'passphrase', problem: { kind: 'altered' } }]);
    expect(await readFile(path)).toEqual(bytes);
    await rm(path);
    const gone = world([], async () => store(), 'file');
    gone.open().catch(() => undefined);
    await expect.poll(() => gone.questions).toMatchObject([{ ask: 'choose', before: 'file' }]);
  });

  it('lets the person decide otherwise while the keychain does not answer; it may still answer first', async () => {
    const waiting = Promise.withResolvers<SecretStore>();
    const otherwise = world([{ with: 'file', passphrase }], () => waiting.promise);
    await (await otherwise.open())[Symbol.asyncDispose]();
    expect(otherwise.questions).toEqual([{ ask: 'keychain' }]);
    expect(otherwise.remembered).toEqual(['file']);
    await rm(join(folder, vaultFile));

    const late = world([], () => waiting.promise);
    const opening = late.open();
    await expect.poll(() => late.questions).toEqual([{ ask: 'keychain' }]);
    waiting.resolve(store());
    expect(await (await opening).list()).toEqual(['of the keychain']);
    expect(late.done()).toBe(1);
  });
});

describe('the page that asks', () => {
  function page() {
    const frame = { url: 'app://octopus/unlock' };
    const sent: unknown[] = [];
    const ours = { mainFrame: frame, send: (_channel: string, question: unknown) => sent.push(question) } as unknown as WebContents;
    let listener: (event: unknown, message: unknown) => void = () => {};
    const shown: boolean[] = [];
    const refused: string[] = [];
    let quits = 0;
    const door = openUnlockDoor({
      ipcMain: { on: (_channel: string, given: never) => (listener = given) } as never,
      contents: () => ours,
      show: (unlock) => shown.push(unlock),
      quit: () => void quits++,
      onRefused: (channel) => void refused.push(channel),
    });
    const say = (message: unknown, url = frame.url) => {
      frame.url = url;
      listener({ sender: ours, senderFrame: frame }, message);
      frame.url = 'app://octopus/unlock';
    };
    return { door, say, sent, shown, refused, quits: () => quits };
  }

  it('is shown with the question, heard from its own address alone, and gone once it is done', async () => {
    const { door, say, sent, shown, refused } = page();
    const asked = door.ask({ ask: 'passphrase' });
    say({ type: 'ready' });
    expect([shown, sent.at(-1), door.isOpen()]).toEqual([[true], { ask: 'passphrase' }, true]);
    const answer = { with: 'file', passphrase };
    say({ type: 'answer', answer }, 'app://octopus/');
    say({ type: 'answer', answer }, 'https://example.com/unlock');
    expect(refused).toEqual([channels.unlock, channels.unlock]);
    for (const bad of [undefined, {}, { with: 'paper' }, { with: 'file' }, { with: 'file', passphrase: 'x'.repeat(2000) }]) {
      say({ type: 'answer', answer: bad });
    }
    say({ type: 'answer', answer });
    expect(await asked).toEqual(answer);
    expect(sent.at(-1)).toEqual({ ask: 'nothing' });
    door.done();
    expect([shown, door.isOpen()]).toEqual([[true, false], false]);
    expect(JSON.stringify(sent)).not.toContain(passphrase);
  });

  it('can be left', async () => {
    const { door, say, quits } = page();
    const asked = door.ask({ ask: 'passphrase' });
    say({ type: 'quit' });
    expect(quits()).toBe(1);
    door.shut();
    await expect(asked).rejects.toMatchObject({ code: 'server.stopping' });
  });
});
