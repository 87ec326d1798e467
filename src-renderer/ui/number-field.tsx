import { NumberInput, type NumberInputProps } from '@mantine/core';
import { uiTexts } from '../texts/ui.ts';
import { formatNumber } from './format.ts';
import { isWithin } from './is-within.ts';

interface NumberFieldProps extends NumberInputProps {
  min: number;
  max: number;
  /** Empty is a value too. */
  optional?: boolean;
}

/** A number whose range is told where it is left: what was typed is never changed silently. */
export function NumberField({ optional = false, ...props }: NumberFieldProps) {
  const { min, max, value = '', error } = props;
  const wrong = value === '' ? !optional : !isWithin(value, min, max);
  return (
    <NumberInput
      {...props}
      clampBehavior="none"
      error={error || (wrong ? uiTexts.range(formatNumber(min), formatNumber(max)) : undefined)}
    />
  );
}
