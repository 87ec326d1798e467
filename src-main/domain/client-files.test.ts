import { expect, test } from 'vitest';
import { clientFileOf } from './client-files.ts';

test('what is named after its content is kept for ever, nothing else is; what is of no known type is no file of the client', () => {
  const forever = 'public, max-age=31536000, immutable';
  expect(clientFileOf('assets/app-5KQ2XJ4A.js')).toEqual({ type: 'text/javascript; charset=utf-8', cacheControl: forever });
  expect(clientFileOf('/client/assets/app-5KQ2XJ4A.js.map')?.cacheControl).toBe(forever);
  expect(clientFileOf('C:\\client\\icon.SVG')).toEqual({ type: 'image/svg+xml', cacheControl: 'no-store' });
  expect(clientFileOf('index.html')).toEqual({ type: 'text/html; charset=utf-8', cacheControl: 'no-store' });
  expect(['.env', 'app.exe', 'assets', 'a.js/b', '.constructor'].map(clientFileOf)).toEqual(Array(5).fill(undefined));
});
