import { Select, type SelectProps } from '@mantine/core';
import { ownZone } from '../../ui/format.ts';

let zones: string[] | undefined;

/** All that this browser knows, the person's own first. */
function allZones(): string[] {
  zones ??= [...new Set([ownZone(), 'UTC', ...Intl.supportedValuesOf('timeZone')])];
  return zones;
}

/** A time zone, found by typing a part of its name. */
export function ZoneSelect(props: Omit<SelectProps, 'data'>) {
  const all = allZones();
  const { value } = props;
  return (
    <Select
      searchable
      allowDeselect={false}
      limit={60}
      data={typeof value === 'string' && value !== '' && !all.includes(value) ? [value, ...all] : all}
      {...props}
    />
  );
}
