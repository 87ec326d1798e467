import { Button } from '@mantine/core';
import { useState } from 'react';
import { useAction } from '../../api/queries.tsx';
import { apiTexts as texts } from '../../texts/settings.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { Section } from '../../ui/page-header.tsx';

export function SigningKey() {
  const [asked, setAsked] = useState(false);
  const rotate = useAction('auth.rotateKey', { done: texts.rotated });
  return (
    <Section title={texts.key} hint={texts.keyHint}>
      <Button variant="default" onClick={() => setAsked(true)}>
        {texts.rotate}
      </Button>
      <ConfirmAction
        opened={asked}
        onClose={() => setAsked(false)}
        title={texts.rotateTitle}
        action={texts.rotate}
        onConfirm={() => rotate.mutateAsync({})}
      >
        {texts.rotateHint}
      </ConfirmAction>
    </Section>
  );
}
