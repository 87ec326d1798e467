import type { ReactNode } from 'react';
import { frameTexts } from '../texts/frame.ts';
import { Mark } from '../ui/mark.tsx';
import classes from './frame.module.css';

/** What is shown while nobody is signed in. */
export function EntryPage(props: { title?: string; hint?: ReactNode; panel?: boolean; children?: ReactNode }) {
  return (
    <main className={classes.entryPage}>
      <span className={classes.entryMark}>
        <Mark size={52} />
      </span>
      <h1>{props.title ?? frameTexts.product}</h1>
      {props.hint === undefined ? null : <p className={classes.entryHint}>{props.hint}</p>}
      {props.panel ? <div className={classes.entryPanel}>{props.children}</div> : props.children}
    </main>
  );
}
