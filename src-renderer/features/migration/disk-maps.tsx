import { SegmentedControl, Select } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useRoute } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';
import { DiskMap } from '../../ui/disk-map/disk-map.tsx';
import { Section } from '../../ui/page-header.tsx';
import { Loaded } from '../../ui/states.tsx';
import { decodeCells, decodeCounts } from './decode-map.ts';
import classes from './migration.module.css';

const texts = migrationTexts.map;
type Answer = Output<'migrations.diskMap'>;
/** Milliseconds between two looks while a run goes on. */
const EVERY = 2000;
/** More disks are chosen from a list. */
const BESIDE = 4;

/** A map for each disk of the last run, one at a time. */
export function DiskMaps({ migrationId, running }: { migrationId: string; running: boolean }) {
  const [chosen, setChosen] = useState<string>();
  const map = useRoute('migrations.diskMap', { params: { id: migrationId } }, running ? { every: EVERY } : {});
  const disks = map.data?.disks ?? [];
  const disk = disks.find(({ key }) => String(key) === chosen) ?? disks[0];
  const data = disks.map(({ key, label }) => ({ value: String(key), label }));
  const choice =
    disks.length < 2 ? null : disks.length <= BESIDE ? (
      <SegmentedControl aria-label={texts.disk} data={data} value={String(disk?.key)} onChange={setChosen} />
    ) : (
      <Select
        aria-label={texts.disk}
        data={data}
        value={String(disk?.key)}
        onChange={(value) => setChosen(value ?? undefined)}
        allowDeselect={false}
        searchable
      />
    );
  return (
    <Section title={disks.length === 1 ? `${texts.title}, ${disk?.label}` : texts.title} actions={choice}>
      <Loaded of={map} rows={4}>
        {({ states }) => (disk ? <One states={states} disk={disk} /> : <p className={classes.quiet}>{texts.none}</p>)}
      </Loaded>
    </Section>
  );
}

function One({ states, disk }: { states: Answer['states']; disk: Answer['disks'][number] }) {
  const { cells, counts } = disk;
  // The same text is the same picture: nothing is drawn anew for an answer without news.
  const codes = useMemo(() => decodeCells(states, cells), [states, cells]);
  const blocks = useMemo(() => decodeCounts(states, counts), [states, counts]);
  return (
    <DiskMap
      name={disk.label}
      states={codes}
      counts={blocks}
      blocks={disk.blocks}
      blockSize={disk.blockSize}
      blocksPerCell={disk.blocksPerCell}
      capacity={disk.capacity}
      maxHeight={240}
    />
  );
}
