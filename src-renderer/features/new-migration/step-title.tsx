import classes from './new-migration.module.css';

/** The focus comes here when a step opens. */
export function StepTitle({ title, hint }: { title: string; hint?: string }) {
  return (
    <>
      <h2 tabIndex={-1} data-step-title>
        {title}
      </h2>
      <p className={classes.hint}>{hint}</p>
    </>
  );
}
