import { Button } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import { useAction, useRoute } from '../../api/queries.tsx';
import { useMay } from '../../stores/session.ts';
import { schedulesTexts } from '../../texts/schedules.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { Notice } from '../../ui/notice.tsx';
import classes from './schedules.module.css';

const texts = schedulesTexts.paused;

/** Says for as long as it lasts that nothing begins. */
export function SchedulerBanner() {
  const admin = useMay('admin');
  const scheduler = useRoute('scheduler.get', {}, { enabled: admin });
  // Others are told of it where they are told what needs attention.
  const overview = useRoute('overview.get', {}, { enabled: !admin });
  const resume = useAction('scheduler.set', { done: texts.resumedNow });
  const paused = admin ? scheduler.data?.state === 'paused' : overview.data?.attention.some(({ kind }) => kind === 'schedules-paused');
  if (!paused) return null;
  const running = scheduler.data?.running ?? 0;
  const restored = admin && scheduler.data?.pausedBy === 'restore';
  return (
    <div className={classes.banner}>
      <Notice tone="warn" title={restored ? texts.restoredTitle : texts.title}>
        <div className={classes.bannerLine}>
          <span>
            {restored ? `${texts.restored} ` : ''}
            {admin ? (running > 0 ? texts.draining(running) : texts.drained) : texts.unknown}
          </span>
          {admin ? (
            <Button
              variant="default"
              leftSection={<IconPlayerPlay size={14} aria-hidden />}
              loading={resume.isPending}
              onClick={() => resume.mutate({ body: { state: 'running' } })}
            >
              {texts.resume}
            </Button>
          ) : null}
        </div>
      </Notice>
    </div>
  );
}

/** For administrators. */
export function PauseScheduler() {
  const scheduler = useRoute('scheduler.get').data;
  const [asked, setAsked] = useState(false);
  const pause = useAction('scheduler.set', { done: texts.pausedNow });
  return (
    <>
      {scheduler?.state === 'running' ? (
        <Button variant="default" leftSection={<IconPlayerPause size={14} aria-hidden />} onClick={() => setAsked(true)}>
          {texts.pause}
        </Button>
      ) : null}
      <ConfirmAction
        opened={asked}
        onClose={() => setAsked(false)}
        title={texts.pauseTitle}
        action={texts.pause}
        onConfirm={() => pause.mutateAsync({ body: { state: 'paused' } })}
      >
        {texts.pauseHint(scheduler?.running ?? 0)}
      </ConfirmAction>
    </>
  );
}
