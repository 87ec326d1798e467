import { Button, Checkbox, Group, MultiSelect, NumberInput, Radio, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useAction, useRoute } from '../../api/queries.tsx';
import { hrefOf } from '../../go.ts';
import { migrationTexts } from '../../texts/migration.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { formatNumber } from '../../ui/format.ts';
import { KeyValue, Section } from '../../ui/page-header.tsx';
import { Loaded } from '../../ui/states.tsx';
import { limitText } from './bandwidth-limit.tsx';
import type { Names } from './facts.tsx';
import classes from './migration.module.css';
import type { Migration } from './next-step.ts';
import type { MigrationActions } from './use-migration-actions.ts';

const texts = migrationTexts.settings;

export function SettingsTab({ migration, names, actions }: { migration: Migration; names: Names; actions: MigrationActions }) {
  const { settings } = migration;
  if (!actions.may) return <Shown migration={migration} />;
  const hindered = actions.hindrance('remove');
  return (
    <div className={classes.form}>
      {/* Begins anew when somebody else changed them. */}
      <Replication key={`${settings.keep} ${settings.verify} ${settings.quiesce}`} migration={migration} />
      <People key={migration.userIds.join()} migration={migration} names={names} />
      <Section title={texts.remove} hint={texts.removeHint}>
        <Button variant="default" className={classes.danger} onClick={() => actions.do('remove')} disabled={hindered !== undefined}>
          {migrationTexts.actions.remove}
        </Button>{' '}
        {hindered === undefined ? null : <span className={classes.small}>{migrationTexts.hindrance[hindered]}</span>}
      </Section>
    </div>
  );
}

/** For who may look, not change. */
function Shown({ migration }: { migration: Migration }) {
  const { settings } = migration;
  return (
    <Section title={texts.title} hint={texts.viewer}>
      <KeyValue
        items={[
          [texts.keep, formatNumber(settings.keep)],
          [texts.verify, settings.verify === 'all' ? texts.all : texts.written],
          [texts.quiesce, settings.quiesce ? texts.yes : texts.no],
          [migrationTexts.facts.limit, limitText(migration)],
        ]}
      />
    </Section>
  );
}

function Replication({ migration }: { migration: Migration }) {
  const { keep, verify, quiesce } = migration.settings;
  const form = useForm({ initialValues: { keep: keep as number | string, verify: verify as string, quiesce } });
  const update = useAction('migrations.update', {
    done: migrationTexts.done.saved,
    handles: fieldErrors(form, { 'settings.keep': 'keep', 'settings.verify': 'verify', 'settings.quiesce': 'quiesce' }),
  });
  return (
    <Section title={texts.title}>
      <form
        onSubmit={form.onSubmit((values) =>
          update.mutate({
            params: { id: migration.id },
            body: { settings: { keep: Number(values.keep), verify: values.verify as 'written' | 'all', quiesce: values.quiesce } },
          }),
        )}
      >
        <Stack gap="md" align="flex-start">
          <NumberInput
            label={texts.keep}
            description={texts.keepHint}
            min={1}
            max={1000}
            allowDecimal={false}
            clampBehavior="strict"
            {...form.getInputProps('keep')}
          />
          <Radio.Group label={texts.verify} {...form.getInputProps('verify')}>
            <Stack gap={6} mt={4}>
              <Radio value="written" label={texts.written} description={texts.writtenHint} />
              <Radio value="all" label={texts.all} description={texts.allHint} />
            </Stack>
          </Radio.Group>
          <Checkbox label={texts.quiesce} description={texts.quiesceHint} {...form.getInputProps('quiesce', { type: 'checkbox' })} />
          <Group gap="md">
            <Button type="submit" loading={update.isPending} disabled={!form.isDirty() || form.values.keep === ''}>
              {texts.save}
            </Button>
            <a className={classes.link} href={hrefOf('/schedules')}>
              {texts.editSchedules}
            </a>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

/** Whom the migration is given to. */
function People({ migration, names }: { migration: Migration; names: Names }) {
  const choices = useRoute('users.choices');
  const [chosen, setChosen] = useState<string[]>(migration.userIds);
  const share = useAction('migrations.share', { done: migrationTexts.done.shared });
  const changed = [...chosen].sort().join() !== [...migration.userIds].sort().join();
  return (
    <Section title={texts.share} hint={texts.shareHint}>
      <Loaded of={choices} rows={2}>
        {({ items }) => {
          const known = new Set(items.map(({ id }) => id));
          // Somebody who may no longer sign in stays until taken away.
          const gone = migration.userIds.filter((id) => !known.has(id)).map((id) => ({ value: id, label: id }));
          const data = items.filter(({ id }) => id !== migration.ownerId).map(({ id, name }) => ({ value: id, label: name }));
          return (
            <Stack gap="sm" align="flex-start">
              <span>{migration.ownerId === undefined ? texts.nobodys : names.owner === undefined ? null : texts.owner(names.owner)}</span>
              <MultiSelect
                label={texts.shareWith}
                data={[...data, ...gone]}
                value={chosen}
                onChange={setChosen}
                placeholder={chosen.length === 0 ? texts.nobody : ''}
                searchable
                w="100%"
              />
              <Button
                disabled={!changed}
                loading={share.isPending}
                onClick={() => share.mutate({ params: { id: migration.id }, body: { userIds: chosen } })}
              >
                {texts.saveShare}
              </Button>
            </Stack>
          );
        }}
      </Loaded>
    </Section>
  );
}
