import { IconFolder } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Targets() {
  return (
    <>
      <PageHeader title={screenTexts.targets} />
      <EmptyState icon={IconFolder} title="This screen is not there yet" />
    </>
  );
}
