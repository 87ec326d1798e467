import { IconPlugConnected } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Sources() {
  return (
    <>
      <PageHeader title={screenTexts.sources} />
      <EmptyState icon={IconPlugConnected} title="This screen is not there yet" />
    </>
  );
}
