import { Anchor, Button, Group, Modal, Stack } from '@mantine/core';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { sourcesTexts } from '../../texts/sources.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { formatNumber } from '../../ui/format.ts';
import { Loaded } from '../../ui/states.tsx';
import classes from './sources.module.css';

type Migration = Output<'migrations.list'>['items'][number];
const texts = sourcesTexts.removal;
/** Most that are named. */
const SHOWN = 12;

/** Asks before a source or target is removed; while migrations need it, says which. */
export function RemoveEnvironment(props: {
  /** Undefined: nothing is asked. */
  name: string | undefined;
  needs: (migration: Migration) => boolean;
  text: string;
  action: string;
  onRemove: () => Promise<unknown>;
  onClose: () => void;
}) {
  const { name, onClose } = props;
  const asked = name !== undefined;
  const migrations = useRoute('migrations.list', { query: { limit: 500 } }, { enabled: asked });
  const users = (migrations.data?.items ?? []).filter(props.needs);
  if (!asked) return null;
  if (migrations.data && users.length === 0) {
    return (
      <ConfirmAction opened danger title={texts.title(name)} action={props.action} onConfirm={props.onRemove} onClose={onClose}>
        {props.text}
      </ConfirmAction>
    );
  }
  return (
    <Modal opened onClose={onClose} title={texts.inUse(name)} size="md">
      <Loaded of={migrations} rows={2}>
        {() => (
          <Stack gap="md">
            <div>
              {texts.inUseText(formatNumber(users.length))}
              <ul className={classes.inUse} aria-label={texts.migrations}>
                {users.slice(0, SHOWN).map(({ id, machineName }) => (
                  <li key={id}>
                    <Anchor size="sm" href={hrefOf(`/migrations/${id}`)}>
                      {machineName}
                    </Anchor>
                  </li>
                ))}
                {users.length > SHOWN ? <li>{texts.more(formatNumber(users.length - SHOWN))}</li> : null}
              </ul>
            </div>
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose} data-autofocus>
                {texts.close}
              </Button>
            </Group>
          </Stack>
        )}
      </Loaded>
    </Modal>
  );
}
