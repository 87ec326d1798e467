// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { renderWith } from '../testing/render.tsx';
import { NumberField } from './number-field.tsx';

function Field({ optional = false }) {
  const [value, setValue] = useState<number | string>(7);
  return <NumberField label="Points" min={1} max={1000} optional={optional} value={value} onChange={setValue} />;
}

test.each(['0', '100000', ''])('"%s" stays as it was typed, and the range is told', (typed) => {
  renderWith(<Field />);
  const field = screen.getByLabelText<HTMLInputElement>('Points');
  fireEvent.change(field, { target: { value: typed } });
  fireEvent.blur(field);
  expect(field.value).toBe(typed);
  expect(screen.getByText('1 to 1,000.')).toBeTruthy();
});

test('where it may be empty, that is no mistake', () => {
  renderWith(<Field optional />);
  fireEvent.change(screen.getByLabelText('Points'), { target: { value: '' } });
  expect(screen.queryByText(/ to /)).toBeNull();
});
