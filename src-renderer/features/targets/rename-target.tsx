import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction } from '../../api/queries.tsx';
import { targetsTexts } from '../../texts/targets.ts';
import { uiTexts } from '../../texts/ui.ts';
import { fieldErrors } from '../../ui/field-errors.ts';

type Target = Output<'targets.get'>;
const texts = targetsTexts.renaming;

export function RenameTarget({ target, onClose }: { target: Target | undefined; onClose: () => void }) {
  return (
    <Modal opened={target !== undefined} onClose={onClose} title={texts.title(target?.name ?? '')}>
      {target ? <Question target={target} onClose={onClose} /> : null}
    </Modal>
  );
}

function Question({ target, onClose }: { target: Target; onClose: () => void }) {
  const form = useForm({
    initialValues: { name: target.name },
    validate: { name: (value) => (value.trim() === '' ? targetsTexts.needed : null) },
  });
  const update = useAction('targets.update', {
    done: ({ name }) => targetsTexts.done.renamed(name),
    handles: fieldErrors(form),
    onDone: onClose,
  });
  return (
    <form onSubmit={form.onSubmit(({ name }) => update.mutate({ params: { id: target.id }, body: { name: name.trim() } }))}>
      <Stack gap="md">
        <TextInput label={texts.label} autoComplete="off" data-autofocus {...form.getInputProps('name')} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {uiTexts.cancel}
          </Button>
          <Button type="submit" loading={update.isPending}>
            {texts.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
