/** Numbers as people read them, in their locale: binary sizes, rates, durations. A locale is given only by tests. */
const kibibyte = 1024;

/** Ascending. */
export const steps = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].map((name, power) => ({ name, bytes: kibibyte ** power }));

const formats = new Map<string, Intl.NumberFormat>();

/** Making a format costs more than using it a hundred times. */
function number(value: number, options: Intl.NumberFormatOptions, locale?: string): string {
  const key = `${locale ?? ''} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, options);
    formats.set(key, format);
  }
  return format.format(value);
}

export function integer(value: number, locale?: string): string {
  return number(value, { maximumFractionDigits: 0 }, locale);
}

/** Of a share from 0 to 1. Neither 0 % nor 100 % is said of what is only nearly so. */
export function percent(share: number, locale?: string): string {
  const kept = share <= 0 || share >= 1 ? share : Math.min(0.999, Math.max(0.001, share));
  return number(kept, { style: 'percent', maximumFractionDigits: kept < 0.1 || kept > 0.99 ? 1 : 0 }, locale);
}

/** Three figures that count: 1.5 GiB, 15.2 GiB, 152 GiB. */
export function size(bytes: number, locale?: string): string {
  // 1,023.9 of a unit would be rounded to 1,024 of it.
  const step = steps.findLast((one) => Math.abs(bytes) >= (one.bytes > 1024 ? one.bytes * 0.9995 : one.bytes)) ?? steps[0]!;
  const value = bytes / step.bytes;
  return `${number(value, { maximumFractionDigits: step.bytes === 1 ? 0 : fraction(value) }, locale)} ${step.name}`;
}

function fraction(value: number): number {
  if (Math.abs(value) >= 100) return 0;
  return Math.abs(value) >= 10 ? 1 : 2;
}

/** Always in MiB/s, so that rates can be compared at a glance. */
export function rate(bytesPerSecond: number, locale?: string): string {
  const value = bytesPerSecond / kibibyte ** 2;
  return `${number(value, { maximumFractionDigits: value >= 100 ? 0 : 1 }, locale)} MiB/s`;
}

/** The two largest units of a time given in milliseconds: 850 ms, 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(ms: number, locale?: string): string {
  if (ms < 1000) return `${integer(Math.max(0, Math.round(ms)), locale)} ms`;
  const seconds = Math.round(ms / 1000);
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([length]) => seconds >= length);
  let rest = seconds;
  const parts: string[] = [];
  for (const [length, name] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${integer(count, locale)} ${name}`);
  }
  return parts.join(' ');
}
