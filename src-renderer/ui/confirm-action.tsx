import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { uiTexts } from '../texts/ui.ts';

export interface ConfirmActionProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What it will do, and whether it can be undone. */
  children: ReactNode;
  /** The button: a verb, as “Remove the source”. */
  action: string;
  /** The button that does nothing; “Cancel” where it is not said, which is no answer to a question about cancelling. */
  keep?: string;
  /** Closes when it went well; a rejection was said elsewhere, and leaves it open. */
  onConfirm: () => Promise<unknown> | undefined;
  /** Must be typed before the button can be pressed: for what cannot be undone. */
  typedName?: string;
  danger?: boolean;
}

/** Asks before something that matters. */
export function ConfirmAction(props: ConfirmActionProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size="md">
      <Question {...props} />
    </Modal>
  );
}

/** Mounted anew each time, so that what was typed is gone. */
function Question({ children, action, keep, typedName, danger, onConfirm, onClose }: ConfirmActionProps) {
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const ready = typedName === undefined || typed === typedName;
  async function confirm() {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch {
      setBusy(false);
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void confirm();
      }}
    >
      <Stack gap="md">
        {typeof children === 'string' ? <Text>{children}</Text> : children}
        {typedName === undefined ? null : (
          <TextInput
            label={uiTexts.typeName(typedName)}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {keep ?? uiTexts.cancel}
          </Button>
          <Button type="submit" color={danger ? 'red.9' : 'teal'} loading={busy} disabled={!ready}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
