export type SettingValue = boolean | number | string;

interface Common {
  /** One sentence or two for the person who changes it. */
  description: string;
  /** When a change is felt: `at-once`, also by what is running, or after the next `restart`. */
  effect: 'at-once' | 'restart';
}

/** One row of the table of settings. */
export type SettingDefinition = Common &
  (
    | { type: 'boolean'; default: boolean }
    /** A whole number; both ends are allowed. `noneAtZero`: 0 is allowed besides, and means no limit. */
    | { type: 'integer'; default: number; minimum: number; maximum: number; unit: string; noneAtZero?: true }
    | { type: 'choice'; default: string; choices: readonly string[] }
    /** One line; `lines`: one item a line, where order counts. `pattern` holds for the text, or for each line; an empty text is allowed unless `required`. */
    | { type: 'text' | 'lines'; default: string; form: string; pattern: RegExp; maximumLength: number; required?: true }
  );

export type SettingTable = Readonly<Record<string, SettingDefinition>>;

export type ValueOf<Definition extends SettingDefinition> = Definition extends { type: 'boolean' }
  ? boolean
  : Definition extends { type: 'integer' }
    ? number
    : Definition extends { type: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice
      : string;
