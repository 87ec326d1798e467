import { NumberInput, type NumberInputProps } from '@mantine/core';
import { uiTexts } from '../texts/ui.ts';

/** For a rate, in MiB a second wherever one is typed. */
export function RateInput(props: NumberInputProps) {
  return <NumberInput suffix={uiTexts.rateUnit} min={0} decimalScale={2} allowNegative={false} hideControls {...props} />;
}
