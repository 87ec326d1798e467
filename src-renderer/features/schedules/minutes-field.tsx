import { type NumberInputProps, Text } from '@mantine/core';
import { scheduleFormTexts as texts } from '../../texts/schedules.ts';
import { NumberField } from '../../ui/number-field.tsx';

/** A number of minutes, none at least. */
export function MinutesField(props: NumberInputProps & { max: number }) {
  return <NumberField min={0} optional rightSection={<Text size="xs">{texts.minutes}</Text>} rightSectionWidth={64} {...props} />;
}
