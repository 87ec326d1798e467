import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useAction } from '../../api/queries.tsx';
import type { Role } from '../../stores/session.ts';
import { userFormTexts as texts } from '../../texts/users.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { PasswordField } from './password-field.tsx';
import { RoleField } from './role-field.tsx';

/** A user of Octopus itself. */
export function AddUser({ onDone }: { onDone: () => void }) {
  const form = useForm({
    initialValues: { name: '', role: 'operator' as Role, password: '' },
    validate: {
      name: (value) => (value.trim() === '' ? texts.needed : null),
      password: (value) => (value.length < 12 ? texts.tooShort : null),
    },
  });
  const byField = fieldErrors(form);
  const create = useAction('users.create', {
    done: ({ name }) => texts.created(name),
    handles: (error) => byField(error.code === 'conflict.exists' ? { field: 'name', message: error.message } : error),
    onDone,
  });
  return (
    <form onSubmit={form.onSubmit(({ name, role, password }) => create.mutate({ body: { name: name.trim(), role, password } }))}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {texts.directoryHint}
        </Text>
        <TextInput label={texts.name} description={texts.nameHint} autoComplete="off" data-autofocus {...form.getInputProps('name')} />
        <RoleField label={texts.role} value={form.values.role} onChange={(role) => form.setFieldValue('role', role)} />
        <PasswordField
          label={texts.password}
          description={texts.passwordHint}
          onGenerated={(password) => form.setFieldValue('password', password)}
          {...form.getInputProps('password')}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {texts.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
