import { Radio, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Role } from '../../stores/session.ts';
import { usersTexts as texts } from '../../texts/users.ts';

export const roles = ['viewer', 'operator', 'admin'] as const;

/** A role, with what it may do. */
export function RoleField(props: { label: string; value: Role; onChange: (role: Role) => void; disabled?: boolean; error?: ReactNode }) {
  return (
    <Radio.Group label={props.label} value={props.value} onChange={(value) => props.onChange(value as Role)} error={props.error}>
      <Stack gap="xs" mt={4}>
        {roles.map((role) => (
          <Radio
            key={role}
            value={role}
            label={texts.roles[role]}
            description={`${texts.may[role].join('. ')}.`}
            disabled={props.disabled ?? false}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
