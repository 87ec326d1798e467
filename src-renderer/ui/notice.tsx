import { IconAlertTriangle, IconCheck, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './ui.module.css';

const icons = { bad: IconAlertTriangle, warn: IconAlertTriangle, good: IconCheck, info: IconInfoCircle };

/** Something to know, where it matters. What is bad is read out at once. */
export function Notice({ tone, title, children }: { tone: keyof typeof icons; title?: ReactNode; children?: ReactNode }) {
  const Icon = icons[tone];
  return (
    <div className={classes.notice} data-tone={tone} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon size={16} aria-hidden />
      <div className={classes.noticeTexts}>
        {title === undefined ? null : <div className={classes.noticeTitle}>{title}</div>}
        {children}
      </div>
    </div>
  );
}
