import { IconServer2 } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Machines() {
  return (
    <>
      <PageHeader title={screenTexts.machines} />
      <EmptyState icon={IconServer2} title="This screen is not there yet" />
    </>
  );
}
