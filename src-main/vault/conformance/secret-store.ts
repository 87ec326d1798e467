import { expect, test } from 'vitest';
import { type SecretStore, secretLimit } from '../secret-store.ts';

/** What every store of secrets keeps to. `open` answers one and the same store each time, as the next process would find it. */
export function secretStoreConformance(name: string, open: () => Promise<SecretStore>): void {
  test(`${name}: what is set is got, also by the next process`, async () => {
    const secrets: Record<string, string> = {
      'source:1': 'pass word',
      'source:2': ' päß🐙\n"\'\\$(x)\t ',
      'identity/signing-keys': 'a ring',
      'target:a.b_c-d@e': `-----BEGIN KEY-----\n${'x'.repeat(4000)}\n`,
      'application:long': 'ü'.repeat(secretLimit / 2),
    };
    {
      await using store = await open();
      expect(await store.list()).toEqual([]);
      for (const [reference, secret] of Object.entries(secrets)) await store.set(reference, secret);
    }
    await using again = await open();
    for (const [reference, secret] of Object.entries(secrets)) expect(await again.get(reference)).toBe(secret);
    expect(await again.list()).toEqual(Object.keys(secrets).sort());
    for (const reference of Object.keys(secrets)) await again.delete(reference);
    expect(await again.list()).toEqual([]);
  });

  test(`${name}: replaces, deletes, and knows nothing of what is not there`, async () => {
    await using store = await open();
    expect(await store.get('source:none')).toBeUndefined();
    await store.delete('source:none');
    await store.set('source:1', 'one');
    await store.set('source:1', 'two');
    await store.set('source:1', 'two');
    expect(await store.get('source:1')).toBe('two');
    expect(await store.get('source:11')).toBeUndefined();
    await store.delete('source:1');
    await store.delete('source:1');
    expect(await store.get('source:1')).toBeUndefined();
  });

  test(`${name}: refuses what one of the stores could not keep, without repeating it`, async () => {
    await using store = await open();
    for (const secret of ['', 'planted\0secret', 'planted\ud800', 'planted'.repeat(secretLimit)]) {
      const error = (await store.set('source:1', secret).catch((thrown: unknown) => thrown)) as Error & { code: string };
      expect(error.code).toBe('argument.invalid');
      expect(error.message).not.toContain('planted');
    }
    for (const reference of ['', '../x', 'a b', '-x', 'x'.repeat(201), 'a\n', '__proto__']) {
      await expect(store.set(reference, 'x')).rejects.toMatchObject({ code: 'argument.invalid' });
      await expect(store.get(reference)).rejects.toMatchObject({ code: 'argument.invalid' });
      await expect(store.delete(reference)).rejects.toMatchObject({ code: 'argument.invalid' });
    }
    expect(await store.list()).toEqual([]);
    // Words that mean something to JavaScript's objects.
    for (const reference of ['constructor', 'toString', 'hasOwnProperty']) expect(await store.get(reference)).toBeUndefined();
  });

  test(`${name}: many at once are all kept, and the last of one reference counts`, async () => {
    await using store = await open();
    const references = Array.from({ length: 20 }, (_, index) => `source:${index + 10}`);
    await Promise.all(references.map((reference) => store.set(reference, `of ${reference}`)));
    expect(await store.list()).toEqual([...references].sort());
    for (const reference of references) expect(await store.get(reference)).toBe(`of ${reference}`);
    await Promise.all(references.map((reference) => store.delete(reference)));
    expect(await store.list()).toEqual([]);
  });
}
