import { IconLayoutDashboard } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Overview() {
  return (
    <>
      <PageHeader title={screenTexts.overview} />
      <EmptyState icon={IconLayoutDashboard} title="This screen is not there yet" />
    </>
  );
}
