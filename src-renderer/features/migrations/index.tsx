import { IconTransfer } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Migrations() {
  return (
    <>
      <PageHeader title={screenTexts.migrations} />
      <EmptyState icon={IconTransfer} title="This screen is not there yet" />
    </>
  );
}
