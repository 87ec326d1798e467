/** Times of day under the chart: with seconds where it spans minutes, with the day where it spans days. */
export function timeLabels(seconds: readonly number[], span: number, locale?: string): string[] {
  const options: Intl.DateTimeFormatOptions =
    span > 2 * 86_400
      ? { day: 'numeric', month: 'short', hour: '2-digit' }
      : { hour: '2-digit', minute: '2-digit', ...(span < 300 ? { second: '2-digit' } : {}) };
  const format = new Intl.DateTimeFormat(locale, options);
  return seconds.map((second) => format.format(second * 1000));
}

export function timeOf(seconds: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(seconds * 1000);
}
