export function packageOf(file: string): string | undefined;
export function isAllowed(licences: string | string[], list?: string[]): boolean;
