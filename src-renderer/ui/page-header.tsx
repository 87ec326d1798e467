import type { ReactNode } from 'react';
import classes from './ui.module.css';

/** A screen's title and what can be done there. The focus comes here when the screen opens. */
export function PageHeader({ title, hint, actions }: { title: ReactNode; hint?: ReactNode; actions?: ReactNode }) {
  return (
    <header className={classes.header}>
      <div className={classes.headerTexts}>
        <h1 tabIndex={-1}>{title}</h1>
        {hint === undefined ? null : <p>{hint}</p>}
      </div>
      {actions === undefined ? null : <div className={classes.headerActions}>{actions}</div>}
    </header>
  );
}

/** A part of a screen with a heading. */
export function Section(props: { title: ReactNode; hint?: ReactNode; actions?: ReactNode; panel?: boolean; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <div className={classes.sectionHead}>
        <h2>{props.title}</h2>
        {props.actions}
      </div>
      {props.hint === undefined ? null : <p className={classes.sectionHint}>{props.hint}</p>}
      {props.panel ? <div className={classes.panel}>{props.children}</div> : props.children}
    </section>
  );
}

/** Facts, name beside value. A value that is undefined is left out. */
export function KeyValue({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={classes.keyValue}>
      {items
        .filter(([, value]) => value !== undefined)
        .flatMap(([name, value]) => [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  );
}

/** Screens that belong together, as links. */
export function TabLinks({ label, tabs }: { label: string; tabs: readonly { href: string; text: string; current: boolean }[] }) {
  return (
    <nav className={classes.tabs} aria-label={label}>
      {tabs.map(({ href, text, current }) => (
        <a key={href} className={classes.tab} href={href} aria-current={current ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
