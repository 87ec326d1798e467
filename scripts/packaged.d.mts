export function packagedExecutable(test: boolean): string | undefined;
export function packageIsFresh(test: boolean): boolean;
