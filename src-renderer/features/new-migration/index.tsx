import { IconTransfer } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function NewMigration() {
  return (
    <>
      <PageHeader title={screenTexts.newMigration} />
      <EmptyState icon={IconTransfer} title="This screen is not there yet" />
    </>
  );
}
