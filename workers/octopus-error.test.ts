import { expect, it } from 'vitest';
import { OctopusError, toOctopusError } from './octopus-error.ts';

it('tells why the work failed, not how closing failed after it', () => {
  const work = new OctopusError('target.full', 'No space is left.');
  expect(toOctopusError(new SuppressedError(new Error('closing'), work, ''))).toBe(work);
  expect(toOctopusError(new SuppressedError(new Error('closing'), new Error('work'), ''), 'source.read')).toMatchObject({
    code: 'source.read',
    message: 'work',
  });
});
