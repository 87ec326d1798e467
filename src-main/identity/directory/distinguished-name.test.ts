import { string as anyText, assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { domainOf, escapeDnValue, isWithin, normaliseDn, parseDn } from './distinguished-name.ts';

describe('distinguished names', () => {
  // RFC 4514, section 4.
  test.each([
    ['UID=jsmith,DC=example,DC=net', [[['uid', 'jsmith']], [['dc', 'example']], [['dc', 'net']]]],
    [
      'OU=Sales+CN=J.  Smith,DC=example',
      [
        [
          ['ou', 'Sales'],
          ['cn', 'J.  Smith'],
        ],
        [['dc', 'example']],
      ],
    ],
    ['CN=James \\"Jim\\" Smith\\, III,DC=net', [[['cn', 'James "Jim" Smith, III']], [['dc', 'net']]]],
    ['CN=Before\\0dAfter,DC=net', [[['cn', 'Before\rAfter']], [['dc', 'net']]]],
    ['CN=Lu\\C4\\8Di\\C4\\87', [[['cn', 'Lučić']]]],
    ['1.3.6.1.4.1.1466.0=x', [[['1.3.6.1.4.1.1466.0', 'x']]]],
    [' cn = Ann B , dc = x ', [[['cn', 'Ann B']], [['dc', 'x']]]],
    ['cn=\\ a\\ ', [[['cn', ' a ']]]],
    ['cn=', [[['cn', '']]]],
  ])('%s', (text, expected) => {
    expect(parseDn(text)?.map((relative) => relative.map(({ type, value }) => [type, value]))).toEqual(expected);
  });

  test.each(['ann', 'cn', 'cn=a,', ',cn=a', 'cn=a,,dc=x', 'cn=a+', 'cn="a"', 'cn=a\\', 'cn=\\x', 'cn=<a>', 'cn=a\0', 'cn=\\ff', '-=a'])(
    '%j is none',
    (text) => {
      expect(parseDn(text)).toBeUndefined();
      expect(normaliseDn(text)).toBeUndefined();
    },
  );

  test('any value comes back as it was', () => {
    assert(
      property(anyText({ unit: 'binary' }), anyText(), (value, other) => {
        const dn = `cn=${escapeDnValue(value)}+sn=${escapeDnValue(other)},dc=x`;
        const names = parseDn(dn)?.map((relative) => relative.map((part) => part.value));
        expect(names).toEqual([[value, other], ['x']]);
      }),
    );
  });

  test('spelling does not count, content does', () => {
    expect(normaliseDn('CN=Ann  B\\2c C , DC=Example')).toBe(normaliseDn('cn=ann b\\, c,dc=example'));
    expect(normaliseDn('a=1+b=2')).toBe(normaliseDn('B=2+A=1'));
    expect(normaliseDn('cn=a\\,dc=x')).not.toBe(normaliseDn('cn=a,dc=x'));
  });

  test('below a base', () => {
    expect(isWithin('cn=a,OU=People,dc=x', 'ou=people, dc=x')).toBe(true);
    expect(isWithin('ou=people,dc=x', 'ou=people,dc=x')).toBe(true);
    expect(isWithin('cn=a\\,ou=people,dc=x', 'ou=people,dc=x')).toBe(false);
    expect(isWithin('cn=a,xou=people,dc=x', 'ou=people,dc=x')).toBe(false);
    expect(isWithin('nonsense', 'dc=x')).toBe(false);
    expect(domainOf('CN=a,DC=Corp,DC=example')).toBe('corp.example');
  });
});
