import type { Output } from '../../../src-preload/contract/routes.ts';
import { settingsTexts as texts } from '../../texts/settings.ts';
import { formatNumber, formatRate } from '../../ui/format.ts';
import { bytesOf, mibOf } from '../../ui/rate.ts';

export type Setting = Output<'settings.list'>['items'][number];
export type Value = Setting['value'];

export const labelOf = ({ name }: Pick<Setting, 'name'>): string => texts.names[name] ?? name;

/** Kept in bytes a second, shown and typed in MiB; 0, which is no limit, as an empty field. */
export const isRate = ({ unit }: Pick<Setting, 'unit'>): boolean => unit === 'bytes a second';

/** A value as its field shows it. */
export function typedOf(setting: Setting, value: Value): string | number {
  if (typeof value === 'boolean') return '';
  if (typeof value === 'string' || !isRate(setting)) return value;
  return value === 0 ? '' : mibOf(value);
}

/** A value in words. */
export function valueInWords({ type, unit }: Pick<Setting, 'type' | 'unit'>, value: Value): string {
  if (typeof value === 'boolean') return value ? texts.on : texts.off;
  if (typeof value === 'number' && isRate({ unit })) return value === 0 ? texts.noLimit : formatRate(value);
  if (typeof value === 'number') return unit === undefined || unit === 'TCP port' ? String(value) : `${formatNumber(value)} ${unit}`;
  if (value === '') return texts.empty;
  return type === 'choice' ? (texts.choices[value] ?? value) : value.split('\n').join(', ');
}

/** The least and the most, in words; undefined where there is no such. */
export function limitsOf(setting: Setting): { least: string; most: string } | undefined {
  const { minimum, maximum } = setting;
  if (minimum === undefined || maximum === undefined) return undefined;
  const inWords = isRate(setting) ? formatRate : formatNumber;
  return { least: inWords(minimum), most: inWords(maximum) };
}

/** What the field must hold, in words. */
export function rangeInWords(setting: Setting): string {
  const limits = limitsOf(setting);
  return limits && isRate(setting) ? texts.rateOrNone(limits.least, limits.most) : setting.range;
}

/** What the field holds as the setting's type; a sentence where it cannot be. The core checks it again. */
export function parseValue(setting: Setting, text: string | number): { value: Value } | { problem: string } {
  if (setting.type !== 'integer') return { value: String(text) };
  const problem = { problem: texts.mustBe(rangeInWords(setting)) };
  const typed = text === '' && !isRate(setting) ? Number.NaN : Number(text);
  const value = isRate(setting) ? bytesOf(typed) : typed;
  if (!Number.isSafeInteger(value)) return problem;
  const { minimum = -Infinity, maximum = Infinity } = setting;
  // Where 0 means no limit it lies outside of the range.
  if (value === 0 && / 0 /.test(setting.range)) return { value };
  return value < minimum || value > maximum ? problem : { value };
}

const areas: Readonly<Record<string, readonly string[]>> = {
  general: ['replication', 'scheduler', 'retention'],
  'sign-in': ['auth'],
  directory: ['directory'],
  api: ['rest'],
};

const inDirectory: Readonly<Record<string, readonly string[]>> = {
  server: ['kind', 'urls', 'startTls', 'caFile', 'connectTimeoutSeconds', 'operationTimeoutSeconds'],
  account: ['bindDn'],
  people: ['baseDn', 'userFilter', 'loginAttributes', 'groupBaseDn'],
  roles: ['adminGroups', 'operatorGroups', 'viewerGroups'],
};

export interface Group {
  id: keyof typeof texts.groups;
  settings: Setting[];
}

/** Settings of a part of the screen, in groups. What is in no known area stands under the general ones: none is lost. */
export function groupsOf(part: string, all: readonly Setting[]): Group[] {
  const known = new Set(Object.values(areas).flat());
  const areaOf = ({ name }: Setting) => name.slice(0, name.indexOf('.'));
  if (part === 'directory') {
    const mine = all.filter((setting) => areaOf(setting) === 'directory' && setting.name !== 'directory.enabled');
    const groups = Object.entries(inDirectory).map(([id, names]) => ({
      id: id as Group['id'],
      settings: names.flatMap((name) => mine.find((setting) => setting.name === `directory.${name}`) ?? []),
    }));
    const rest = mine.filter((setting) => !groups.some(({ settings }) => settings.includes(setting)));
    return [...groups, { id: 'other' as const, settings: rest }].filter(({ settings }) => settings.length > 0);
  }
  const groups: Group[] = (areas[part] ?? []).map((area) => ({
    id: area as Group['id'],
    settings: all.filter((setting) => areaOf(setting) === area),
  }));
  if (part === 'general') groups.push({ id: 'other', settings: all.filter((setting) => !known.has(areaOf(setting))) });
  return groups.filter(({ settings }) => settings.length > 0);
}
