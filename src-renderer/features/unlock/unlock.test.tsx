// @vitest-environment happy-dom
import { MantineProvider } from '@mantine/core';
import { act, cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';
import type { UnlockAnswer, UnlockBridge, UnlockQuestion } from '../../../src-preload/bridge.ts';
import { unlockTexts } from '../../texts/unlock.ts';
import { Unlock } from './index.tsx';

afterEach(cleanup);

function open(first: UnlockQuestion) {
  const answers: (UnlockAnswer | 'quit')[] = [];
  let listener: (question: UnlockQuestion) => void = () => {};
  const bridge: UnlockBridge = {
    watch(given) {
      listener = given;
      given(first);
      return () => {};
    },
    answer: (answer) => void answers.push(answer),
    quit: () => void answers.push('quit'),
  };
  render(
    <MantineProvider env="test">
      <Unlock bridge={bridge} />
    </MantineProvider>,
  );
  const person = userEvent.setup();
  const press = (name: string) => person.click(screen.getByRole('button', { name }));
  return { answers, person, press, ask: (question: UnlockQuestion) => act(() => listener(question)) };
}
const field = (label: string) => screen.getByLabelText(label, { selector: 'input' });

describe('without a keychain', () => {
  it('asks for a long passphrase, twice the same, or tries the keychain again', async () => {
    const { answers, person, press, ask } = open({ ask: 'choose', why: 'There is no bus.' });
    expect(screen.getByText('There is no bus.')).toBeTruthy();
    await press(unlockTexts.tryKeychain);
    expect(answers).toEqual([{ with: 'keychain' }]);
    ask({ ask: 'nothing' });
    ask({ ask: 'choose', why: 'Still none.' });
    await person.type(field(unlockTexts.newPassphrase), 'too short');
    await press(unlockTexts.keepInFile);
    expect(screen.getByText(unlockTexts.differ)).toBeTruthy();
    await person.type(field(unlockTexts.newPassphrase), ' no longer');
    await person.type(field(unlockTexts.again), 'too short no longer');
    await press(unlockTexts.keepInFile);
    expect(answers.slice(1)).toEqual([{ with: 'file', passphrase: 'too short no longer' }]);
    await press(unlockTexts.quit);
    expect(answers.at(-1)).toBe('quit');
  });

  it('says that passwords stay behind where some were kept, and that the file is gone', () => {
    open({ ask: 'choose', why: 'It is gone.', before: 'file' });
    expect(screen.getByRole('heading', { name: unlockTexts.goneTitle })).toBeTruthy();
    expect(screen.getByText(unlockTexts.leavesBehind)).toBeTruthy();
  });

  it('need not wait for a keychain that does not answer', async () => {
    const { press } = open({ ask: 'keychain' });
    await press(unlockTexts.useFileInstead);
    expect(field(unlockTexts.newPassphrase)).toBeTruthy();
  });
});

describe('with the file', () => {
  it('asks for its passphrase, says clearly that it is wrong, and that the file was altered', async () => {
    const { answers, person, press, ask } = open({ ask: 'passphrase' });
    await press(unlockTexts.open);
    expect(screen.getByText(unlockTexts.needed)).toBeTruthy();
    await person.type(field(unlockTexts.passphrase), 'a guess');
    await press(unlockTexts.open);
    expect(answers).toEqual([{ with: 'file', passphrase: 'a guess' }]);
    ask({ ask: 'passphrase', problem: { kind: 'wrong', message: 'no' } });
    expect(screen.getByRole('alert').textContent).toBe(unlockTexts.wrong);
    expect((field(unlockTexts.passphrase) as HTMLInputElement).value).toBe('');
    expect(document.activeElement).toBe(field(unlockTexts.passphrase));
    ask({ ask: 'passphrase', problem: { kind: 'altered', message: 'secrets.vault was altered.' } });
    expect(screen.getByRole('alert').textContent).toContain(unlockTexts.alteredTitle);
    expect(screen.getByRole('alert').textContent).toContain('secrets.vault');
  });
});
