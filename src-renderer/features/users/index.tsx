import { IconUsers } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Users() {
  return (
    <>
      <PageHeader title={screenTexts.users} />
      <EmptyState icon={IconUsers} title="This screen is not there yet" />
    </>
  );
}
