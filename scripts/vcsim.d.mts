/** Path of the built program. */
export function buildVcsim(): string;
