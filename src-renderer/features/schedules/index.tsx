import { IconCalendarClock } from '@tabler/icons-react';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState } from '../../ui/states.tsx';

export default function Schedules() {
  return (
    <>
      <PageHeader title={screenTexts.schedules} />
      <EmptyState icon={IconCalendarClock} title="This screen is not there yet" />
    </>
  );
}
