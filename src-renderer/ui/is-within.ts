/** Of what a number's field holds; an empty one is '' and within nothing. */
export const isWithin = (value: number | string, min: number, max: number): boolean =>
  value !== '' && Number(value) >= min && Number(value) <= max;
