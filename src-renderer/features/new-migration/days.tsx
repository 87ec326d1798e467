import { newMigrationTexts } from '../../texts/new-migration.ts';
import classes from './new-migration.module.css';

const texts = newMigrationTexts.schedule;

interface DaysProps {
  label: string;
  /** 1 Monday to 7 Sunday. */
  days: readonly number[];
  onChange: (days: number[]) => void;
  problem?: boolean;
}

/** Days of the week. */
export function Days({ label, days, onChange, problem }: DaysProps) {
  return (
    <fieldset className={classes.group}>
      <legend>{label}</legend>
      <div className={classes.days}>
        {texts.dayNames.map((name, index) => {
          const day = index + 1;
          const on = days.includes(day);
          return (
            <button
              key={name}
              type="button"
              className={classes.day}
              aria-pressed={on}
              onClick={() => onChange(on ? days.filter((one) => one !== day) : [...days, day].sort((a, b) => a - b))}
            >
              {name}
            </button>
          );
        })}
      </div>
      {problem ? <div className={classes.problem}>{texts.problems.days}</div> : null}
    </fieldset>
  );
}
