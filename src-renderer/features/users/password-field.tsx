import { Button, Group, PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useState } from 'react';
import { userFormTexts as texts } from '../../texts/users.ts';
import { makePassword } from './make-password.ts';
import classes from './users.module.css';

/** A password for somebody else: typed, or made up and shown so that it can be passed on. */
export function PasswordField({ onGenerated, ...props }: PasswordInputProps & { onGenerated: (password: string) => void }) {
  const [shown, setShown] = useState(false);
  return (
    <Group align="flex-end" gap="xs" wrap="nowrap" className={classes.password as string}>
      <PasswordInput
        autoComplete="new-password"
        visible={shown}
        onVisibilityChange={setShown}
        style={{ flex: 1 }}
        inputWrapperOrder={['label', 'description', 'error', 'input']}
        {...props}
      />
      <Button
        variant="default"
        onClick={() => {
          onGenerated(makePassword((bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>)));
          setShown(true);
        }}
      >
        {texts.generate}
      </Button>
    </Group>
  );
}
