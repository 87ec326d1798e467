import { Button, Group, Popover, Stack } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import { useState } from 'react';
import { useAction } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';
import { formatRate } from '../../ui/format.ts';
import { bytesOf, mibOf } from '../../ui/rate.ts';
import { RateInput } from '../../ui/rate-input.tsx';
import classes from './migration.module.css';
import type { Migration } from './next-step.ts';

const texts = migrationTexts.limit;
/** MiB a second; the contract takes no more bytes than this. */
const MOST = Math.floor(mibOf(1e12));

/** What its runs may read together; a change counts in the run that goes on. */
export function BandwidthLimit({ migration, may }: { migration: Migration; may: boolean }) {
  const [opened, setOpened] = useState(false);
  const limit = migration.settings.bandwidthLimit;
  const shown = `${migrationTexts.facts.limit}: ${limitText(migration)}`;
  const update = useAction('migrations.update', { done: migrationTexts.done.limit, onDone: () => setOpened(false) });
  if (!may) return <span className={classes.small}>{shown}</span>;
  const set = (bandwidthLimit: number) => update.mutate({ params: { id: migration.id }, body: { settings: { bandwidthLimit } } });
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={270} trapFocus withRoles={false}>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconGauge size={15} aria-hidden />}
          onClick={() => setOpened(!opened)}
          aria-haspopup="dialog"
          aria-expanded={opened}
          title={texts.change}
        >
          {shown}
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label={texts.change}>
        <Form limit={limit} busy={update.isPending} onSet={set} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** The one that holds its runs back: all runs together may have a lower one. */
export function limitText({ settings: { bandwidthLimit: own }, bandwidthLimitOfAll: all }: Migration): string {
  if (all !== undefined && (own === 0 || all <= own)) return texts.ofAll(formatRate(all));
  return own > 0 ? formatRate(own) : texts.none;
}

/** Mounted anew each time it opens. */
function Form({ limit, busy, onSet }: { limit: number; busy: boolean; onSet: (bytes: number) => void }) {
  const [value, setValue] = useState<string | number>(limit > 0 ? mibOf(limit) : '');
  const bytes = bytesOf(Number(value));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (bytes > 0) onSet(bytes);
      }}
    >
      <Stack gap="sm">
        <RateInput label={texts.title} description={texts.hint} value={value} onChange={setValue} max={MOST} data-autofocus />
        <Group gap="xs" justify="flex-end">
          <Button variant="default" onClick={() => onSet(0)} disabled={limit === 0 || busy}>
            {texts.clear}
          </Button>
          <Button type="submit" disabled={!(bytes > 0)} loading={busy}>
            {texts.set}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
