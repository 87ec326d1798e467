import { OctopusError } from '../../workers/octopus-error.ts';
import type { SettingDefinition, SettingValue } from './definition.ts';

/** The value as it is stored, or `argument.invalid` with the setting as `field` and a sentence that says range and unit. */
export function checkValue(name: string, definition: SettingDefinition, value: unknown): SettingValue {
  const wanted = rangeOf(definition);
  const invalid = () => new OctopusError('argument.invalid', `${name} must be ${wanted}.`, { field: name });
  switch (definition.type) {
    case 'boolean':
      if (typeof value !== 'boolean') throw invalid();
      return value;
    case 'integer': {
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw invalid();
      if (value === 0 && definition.noneAtZero) return 0;
      if (value < definition.minimum || value > definition.maximum) throw invalid();
      return value;
    }
    case 'choice':
      if (typeof value !== 'string' || !definition.choices.includes(value)) throw invalid();
      return value;
    default: {
      if (typeof value !== 'string' || value.length > definition.maximumLength) throw invalid();
      const lines = value
        .split(definition.type === 'lines' ? /\r?\n/ : /(?!)/)
        .map((line) => line.trim())
        .filter((line) => line !== '');
      if (lines.length === 0 && definition.required) throw invalid();
      // Control characters, line breaks of a one-line text among them, and lone surrogates.
      for (const line of lines) if (/\p{Cc}/u.test(line) || !line.isWellFormed() || !definition.pattern.test(line)) throw invalid();
      return lines.join('\n');
    }
  }
}

/** What is allowed, to follow "must be". */
export function rangeOf(definition: SettingDefinition): string {
  switch (definition.type) {
    case 'boolean':
      return 'true or false';
    case 'integer': {
      const { minimum, maximum, unit, noneAtZero } = definition;
      return `a whole number from ${minimum} to ${maximum} (${unit})${noneAtZero ? ', or 0 for no limit' : ''}`;
    }
    case 'choice':
      return `one of ${definition.choices.join(', ')}`;
    default:
      return `${definition.form}, at most ${definition.maximumLength} characters${definition.required ? '' : ', or empty'}`;
  }
}

/** `replication.parallelDisksPerHost` is OCTOPUS_REPLICATION_PARALLEL_DISKS_PER_HOST. */
export function environmentName(name: string): string {
  return `OCTOPUS_${name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

/** A text of the environment as the value that it says; what says none goes on to checkValue as it is. In `lines`, `;` parts the items as well. */
export function fromEnvironment(definition: SettingDefinition, text: string): unknown {
  const trimmed = text.trim();
  if (definition.type === 'boolean') return { true: true, '1': true, false: false, '0': false }[trimmed.toLowerCase()];
  if (definition.type === 'integer') return /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : text;
  return definition.type === 'lines' ? trimmed.replaceAll(';', '\n') : text;
}
