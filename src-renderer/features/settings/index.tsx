import { IconSettings } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Settings() {
  return (
    <>
      <PageHeader title={screenTexts.settings} />
      <EmptyState icon={IconSettings} title="This screen is not there yet" />
    </>
  );
}
