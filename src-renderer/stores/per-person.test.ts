// @vitest-environment happy-dom
import { beforeEach, expect, test } from 'vitest';
import { createPerPerson } from './per-person.ts';

interface Likes {
  colour: string;
  views: string[];
}

const atFirst: Likes = { colour: 'grey', views: [] };
/** Another window is another store over the same storage. */
const openWindow = () => createPerPerson<Likes>('likes', atFirst);
const othersWrote = () => globalThis.dispatchEvent(new StorageEvent('storage', { key: 'likes' }));

beforeEach(() => localStorage.clear());

test('each person has what they chose, also after a start anew, and somebody new has what it is at first', () => {
  const { use, becomes } = openWindow();
  becomes('anna');
  use.setState({ colour: 'red' });
  becomes('ben');
  expect(use.getState()).toEqual(atFirst);
  use.setState({ colour: 'blue' });
  becomes('anna');
  expect(use.getState().colour).toBe('red');
  // Before anybody signs in it looks as it did for who was here last.
  const next = openWindow();
  expect(next.use.getState().colour).toBe('red');
  next.becomes('ben');
  expect(next.use.getState().colour).toBe('blue');
});

test('what was chosen before anybody signed in goes to the first one, and to nobody else', () => {
  const { use, becomes } = openWindow();
  use.setState({ colour: 'red' });
  becomes('anna');
  expect(use.getState().colour).toBe('red');
  becomes('ben');
  expect(use.getState().colour).toBe('grey');
});

test('two windows of one person do not undo each other', () => {
  const one = openWindow();
  const two = openWindow();
  for (const { becomes } of [one, two]) becomes('anna');
  one.use.setState({ views: ['mine'] });
  othersWrote();
  expect(two.use.getState().views).toEqual(['mine']);
  two.use.setState(({ views }) => ({ views: [...views, 'too'] }));
  othersWrote();
  expect(one.use.getState().views).toEqual(['mine', 'too']);
});

test('windows of two people leave each other alone', () => {
  const one = openWindow();
  const two = openWindow();
  one.becomes('anna');
  two.becomes('ben');
  one.use.setState({ colour: 'red' });
  two.use.setState({ colour: 'blue' });
  othersWrote();
  expect([one.use.getState().colour, two.use.getState().colour]).toEqual(['red', 'blue']);
  one.becomes('ben');
  expect(one.use.getState().colour).toBe('blue');
});

test('what is damaged counts as nothing', () => {
  for (const damaged of ['{', 'null', '{"people":null}', '[]']) {
    localStorage.setItem('likes', damaged);
    const { use, becomes } = openWindow();
    becomes('anna');
    expect(use.getState()).toEqual(atFirst);
    use.setState({ colour: 'red' });
    expect(openWindow().use.getState().colour).toBe('red');
  }
});
