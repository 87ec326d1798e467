import { ActionIcon, Button, Chip, Group, Input, Text, TextInput } from '@mantine/core';
import { randomId } from '@mantine/hooks';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { scheduleFormTexts as texts } from '../../texts/schedules.ts';
import { formatWeekday } from '../../ui/format.ts';
import { newWindow } from './form-values.ts';
import classes from './schedules.module.css';
import type { ScheduleForm } from './timing-fields.tsx';
import { ZoneSelect } from './zone-select.tsx';

/** Times in which nothing begins. */
export function WindowFields({ form }: { form: ScheduleForm }) {
  return (
    <fieldset className={classes.windows}>
      <legend>{texts.windows}</legend>
      <Text size="xs" c="dimmed">
        {texts.windowsHint}
      </Text>
      {form.values.windows.map(({ key, from, to }, index) => {
        const name = texts.window(index + 1);
        const daysError = form.errors[`windows.${index}.days`];
        return (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset within a fieldset reads twice
          <div key={key} className={classes.window} role="group" aria-label={name}>
            <Group justify="space-between" wrap="nowrap">
              <Text fw={600}>{name}</Text>
              <ActionIcon aria-label={texts.removeWindow(index + 1)} onClick={() => form.removeListItem('windows', index)}>
                <IconTrash size={15} aria-hidden />
              </ActionIcon>
            </Group>
            <div>
              <Text size="xs" c="dimmed" mb={3}>
                {texts.days}
              </Text>
              <Chip.Group multiple {...form.getInputProps(`windows.${index}.days`)}>
                <Group gap={4}>
                  {[1, 2, 3, 4, 5, 6, 7].map((day) => (
                    <Chip key={day} value={String(day)} size="xs" variant="outline" aria-label={`${name}: ${formatWeekday(day)}`}>
                      {formatWeekday(day, 'short')}
                    </Chip>
                  ))}
                </Group>
              </Chip.Group>
              {daysError ? <Input.Error mt={3}>{daysError}</Input.Error> : null}
            </div>
            <Group align="flex-start" gap="sm" wrap="nowrap">
              <TextInput type="time" label={texts.from} {...form.getInputProps(`windows.${index}.from`)} />
              <TextInput type="time" label={texts.to} {...form.getInputProps(`windows.${index}.to`)} />
              <ZoneSelect label={texts.zone} style={{ flex: 1 }} {...form.getInputProps(`windows.${index}.zone`)} />
            </Group>
            {from !== '' && to !== '' && to <= from ? (
              <Text size="xs" c="dimmed">
                {texts.nextDay}
              </Text>
            ) : null}
          </div>
        );
      })}
      {form.errors.windows ? <Input.Error>{form.errors.windows}</Input.Error> : null}
      <div>
        <Button
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form.insertListItem('windows', newWindow(randomId()))}
        >
          {texts.addWindow}
        </Button>
      </div>
    </fieldset>
  );
}
