import { NumberInput, type NumberInputProps, Text } from '@mantine/core';
import { scheduleFormTexts as texts } from '../../texts/schedules.ts';

/** A number of minutes, none at least. */
export function MinutesField(props: NumberInputProps) {
  return <NumberInput min={0} rightSection={<Text size="xs">{texts.minutes}</Text>} rightSectionWidth={64} {...props} />;
}
