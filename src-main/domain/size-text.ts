const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1.5 GiB`: as the client writes sizes, so that both tell the same of one. */
export function sizeText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // 1023.95 would be shown as 1,024.
  while (Math.abs(value) >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const maximumFractionDigits = unit === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toLocaleString('en', { maximumFractionDigits })} ${units[unit]}`;
}
