import { Button, Drawer } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useCommands } from '../../frame/commands.ts';
import { hrefOf } from '../../go.ts';
import type { ScreenProps } from '../../screen-props.ts';
import { useMay } from '../../stores/session.ts';
import { scheduleFormTexts, schedulesTexts as texts } from '../../texts/schedules.ts';
import { screenTexts } from '../../texts/screens.ts';
import { PageHeader, TabLinks } from '../../ui/page-header.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import { ScheduleList } from './schedule-list.tsx';
import { PauseScheduler, SchedulerBanner } from './scheduler-state.tsx';
import { TaskList } from './task-list.tsx';

/** What is planned, and what comes of it. */
export default function Schedules({ params }: ScreenProps) {
  const may = useMay('operator');
  const admin = useMay('admin');
  const [adding, setAdding] = useState(false);
  const tasks = params.part === 'tasks';
  useCommands(
    'schedules',
    useMemo(() => (may ? [{ id: 'schedule.add', text: texts.add, icon: IconPlus, run: () => setAdding(true) }] : []), [may]),
  );
  return (
    <>
      <PageHeader
        title={screenTexts.schedules}
        actions={
          <>
            {admin ? <PauseScheduler /> : null}
            {may ? (
              <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setAdding(true)}>
                {texts.add}
              </Button>
            ) : null}
          </>
        }
      />
      <SchedulerBanner />
      <TabLinks
        label={texts.parts}
        tabs={[
          { href: hrefOf('/schedules'), text: texts.schedules, current: !tasks },
          { href: hrefOf('/schedules/tasks'), text: texts.tasks, current: tasks },
        ]}
      />
      {tasks ? <TaskList openedId={params.id} /> : <ScheduleList onAdd={may ? () => setAdding(true) : undefined} />}
      <Drawer opened={adding} onClose={() => setAdding(false)} title={scheduleFormTexts.addTitle} size={520}>
        <ScheduleForm onDone={() => setAdding(false)} />
      </Drawer>
    </>
  );
}
