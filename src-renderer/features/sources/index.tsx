import { Anchor, Button, Drawer } from '@mantine/core';
import { IconDisc, IconPlugConnected } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useAction, useRoute } from '../../api/queries.tsx';
import { useCommands } from '../../frame/commands.ts';
import { go, hrefOf } from '../../go.ts';
import type { ScreenProps } from '../../screen-props.ts';
import { useMay } from '../../stores/session.ts';
import { screenTexts } from '../../texts/screens.ts';
import { imagesFormTexts, sourcesTexts as texts, vsphereFormTexts } from '../../texts/sources.ts';
import { Notice } from '../../ui/notice.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState, Loaded } from '../../ui/states.tsx';
import { Doors } from '../first-start/doors.tsx';
import { useSourceWork } from './contacts.ts';
import { EnvironmentTabs } from './environment-tabs.tsx';
import { ImagesForm } from './images-form.tsx';
import { LabPanel } from './lab-panel.tsx';
import { RemoveEnvironment } from './remove-environment.tsx';
import { type Source, SourceList } from './source-list.tsx';
import classes from './sources.module.css';
import { VsphereForm } from './vsphere-form.tsx';

const close = () => go('/sources');

export default function Sources({ params }: ScreenProps) {
  const admin = useMay('admin');
  const sources = useRoute('sources.list');
  const lab = useRoute('lab.get');
  const targets = useRoute('targets.list');
  const [removing, setRemoving] = useState<Source>();
  const { forget } = useSourceWork();
  const remove = useAction('sources.remove', {
    done: () => texts.done.removed(removing?.name ?? ''),
    onDone: () => removing && forget(removing.id),
  });
  useCommands(
    'sources',
    useMemo(
      () =>
        admin
          ? [
              { id: 'sources.connect', text: texts.connect, icon: IconPlugConnected, run: () => go('/sources/new-vsphere') },
              { id: 'sources.open', text: texts.open, icon: IconDisc, run: () => go('/sources/new-images') },
            ]
          : [],
      [admin],
    ),
  );
  const some = (sources.data?.items.length ?? 0) > 0;
  const needTarget = admin && targets.data?.items.length === 0 && sources.data?.items.some(({ inventory }) => inventory !== undefined);
  return (
    <>
      <PageHeader
        title={screenTexts.sources}
        hint={texts.hint}
        actions={
          admin && some ? (
            <>
              <Button variant="default" leftSection={<IconDisc size={15} aria-hidden />} onClick={() => go('/sources/new-images')}>
                {texts.open}
              </Button>
              <Button leftSection={<IconPlugConnected size={15} aria-hidden />} onClick={() => go('/sources/new-vsphere')}>
                {texts.connect}
              </Button>
            </>
          ) : null
        }
      />
      <EnvironmentTabs current="sources" />
      <Loaded of={sources} rows={4}>
        {({ items }) =>
          items.length === 0 ? (
            <div className={classes.empty}>
              <EmptyState icon={IconPlugConnected} title={texts.emptyTitle} hint={admin ? texts.emptyHint : texts.emptyViewer} />
              {admin ? <Doors onEnter={go} /> : null}
            </div>
          ) : (
            <>
              {needTarget ? (
                <div className={classes.list}>
                  <Notice tone="info" title={texts.next.title}>
                    {texts.next.text}{' '}
                    <Anchor size="sm" href={hrefOf('/targets/new')}>
                      {texts.next.action}
                    </Anchor>
                  </Notice>
                </div>
              ) : null}
              <div className={classes.list}>
                <SourceList sources={items} lab={lab.data} onRemove={setRemoving} />
              </div>
              {lab.data ? <LabPanel lab={lab.data} /> : null}
            </>
          )
        }
      </Loaded>
      <SourceDrawer id={admin ? params.id : undefined} sources={sources.data?.items} />
      <RemoveEnvironment
        name={removing?.name}
        needs={({ sourceId }) => sourceId === removing?.id}
        text={texts.removal.source}
        action={texts.removal.action}
        onRemove={() => remove.mutateAsync({ params: { id: removing?.id ?? '' } })}
        onClose={() => setRemoving(undefined)}
      />
    </>
  );
}

/** The form that the address names: a new source, or one that is there. */
function SourceDrawer({ id, sources }: { id: string | undefined; sources: readonly Source[] | undefined }) {
  const source = sources?.find((one) => one.id === id);
  const title =
    id === 'new-vsphere'
      ? vsphereFormTexts.title
      : id === 'new-images'
        ? imagesFormTexts.title
        : vsphereFormTexts.editTitle(source?.name ?? '');
  const opened = id === 'new-vsphere' || id === 'new-images' || source !== undefined;
  return (
    <Drawer opened={opened} onClose={close} title={title} size={560} closeOnClickOutside={false}>
      {id === 'new-vsphere' ? <VsphereForm onDone={close} /> : null}
      {id === 'new-images' ? <ImagesForm onDone={close} /> : null}
      {source?.kind === 'vsphere' ? <VsphereForm key={source.id} source={source} onDone={close} /> : null}
      {source?.kind === 'images' ? <ImagesForm key={source.id} source={source} onDone={close} /> : null}
    </Drawer>
  );
}
