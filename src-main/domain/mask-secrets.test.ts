import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { maskSecrets, maskText } from './mask-secrets.ts';

const PLANTED = 'planted-S3cret';

describe('maskSecrets', () => {
  it.each([
    'password',
    'Password',
    'bindPassword',
    'new_password',
    'passwd',
    'pwd',
    'secret',
    'clientSecret',
    'token',
    'refreshToken',
    'passphrase',
    'privateKey',
    'private-key',
    'PRIVATE_KEY',
    'apiKey',
    'x-api-key',
    'accessKey',
    'authorization',
    'Set-Cookie',
    'credentials',
  ])('masks %s at any depth, whatever it holds', (name) => {
    const value = { kept: 'yes', deep: [{ deeper: { [name]: PLANTED } }], [name]: { inner: PLANTED }, list: [{ [name]: [PLANTED] }] };
    const masked = canonicalJson(maskSecrets(value));
    expect(masked).not.toContain(PLANTED);
    expect(masked).toContain('"kept":"yes"');
    expect(JSON.parse(masked).deep[0].deeper[name]).toBe('***');
  });

  it('leaves switches, measures and empty ones, which tell nothing', () => {
    const value = { mustChangePassword: true, accessTokenMinutes: 15, token: null, secret: '', passwordHash: 12 };
    expect(maskSecrets(value)).toEqual({ ...value, passwordHash: '***' });
  });

  it('masks the value of a pair that names a secret, and secrets inside texts', () => {
    expect(maskSecrets({ name: 'bindPassword', value: PLANTED })).toEqual({ name: 'bindPassword', value: '***' });
    expect(maskSecrets({ name: 'auth.accessTokenMinutes', value: 5 })).toEqual({ name: 'auth.accessTokenMinutes', value: 5 });
    for (const text of [
      `https://user:${PLANTED}@host/path`,
      `Authorization: Bearer ${PLANTED}`,
      `the password=${PLANTED}, and more`,
      `{"token":"${PLANTED}"}`,
      `-----BEGIN RSA PRIVATE KEY-----\n${PLANTED}\n-----END RSA PRIVATE KEY-----`,
      `-----BEGIN PRIVATE KEY-----\n${PLANTED}`,
      `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${PLANTED}`,
    ]) {
      expect(maskText(text)).not.toContain(PLANTED);
      expect(maskText(text)).toContain('***');
    }
    expect(maskText('https://host:443/a@b failed: the password is wrong')).toBe('https://host:443/a@b failed: the password is wrong');
  });

  it('takes any value: cycles, maps, dates, binary data, errors, deep and hostile ones', () => {
    const cycle: Record<string, unknown> = { name: 'a' };
    cycle.self = cycle;
    expect(maskSecrets(cycle)).toEqual({ name: 'a', self: '[circular]' });
    const values = [new Map([['password', PLANTED]]), new Set([1]), new Date(0), Buffer.from(PLANTED), new Error(`password=${PLANTED}`)];
    expect(maskSecrets([...values, 1n, Number.NaN, undefined, () => 1])).toEqual([
      { password: '***' },
      [1],
      '1970-01-01T00:00:00.000Z',
      '[14 bytes]',
      { name: 'Error', message: 'password=***' },
      '1',
      null,
      null,
      '[function]',
    ]);
    let deep: unknown = { password: PLANTED };
    for (let depth = 0; depth < 10_000; depth++) deep = { deep };
    expect(canonicalJson(maskSecrets(deep))).toContain('[too deep]');
    expect(canonicalJson(maskSecrets(JSON.parse('{"__proto__":{"password":"x"},"b":1,"a":"\\ud800"}')))).toBe(
      '{"__proto__":{"password":"***"},"a":"\ufffd","b":1}',
    );
    expect(maskSecrets('x'.repeat(100_000))).toMatch(/^x{8192}… \(100000 characters\)$/);
  });

  it('is quick on hostile texts', () => {
    // The processor's time of this process, not the clock's: other programs do not count. Microseconds.
    const began = process.cpuUsage();
    for (const text of ['a:'.repeat(4000), 'a://'.repeat(2000), '-----BEGIN PRIVATE KEY-----'.repeat(300), 'eyJaaaaa.'.repeat(900)])
      maskText(text);
    expect(process.cpuUsage(began).user).toBeLessThan(10e6);
  });
});
