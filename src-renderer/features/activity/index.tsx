import { IconHistory } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Activity() {
  return (
    <>
      <PageHeader title={screenTexts.activity} />
      <EmptyState icon={IconHistory} title="This screen is not there yet" />
    </>
  );
}
