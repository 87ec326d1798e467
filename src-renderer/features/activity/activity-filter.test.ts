import { expect, test } from 'vitest';
import { everything, fromLocalInput, isFiltered, queryOf, spanFrom, toLocalInput } from './activity-filter.ts';

test('only what was chosen is asked for', () => {
  expect(queryOf(everything)).toEqual({});
  expect(isFiltered({ ...everything, text: '  ' })).toBe(false);
  const chosen = { ...everything, text: ' web ', outcome: 'failed' as const, subject: { kind: 'source', id: 's1' } };
  expect(queryOf(chosen)).toEqual({ text: 'web', outcome: 'failed', subjectKind: 'source', subjectId: 's1' });
});

test('a span begins where it was chosen, and no span has no begin', () => {
  const now = Date.parse('2030-01-31T12:00:00Z');
  expect(spanFrom('week', now)).toEqual({ span: 'week', from: '2030-01-24T12:00:00.000Z', to: '' });
  expect(spanFrom('', now)).toEqual({ span: '', from: '', to: '' });
});

test('a local time comes back as it was', () => {
  const at = '2030-06-01T10:30:00.000Z';
  expect(fromLocalInput(toLocalInput(at))).toBe(at);
  expect([fromLocalInput(''), fromLocalInput('soon'), toLocalInput('')]).toEqual(['', '', '']);
});
