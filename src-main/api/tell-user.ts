import type { Services } from './services.ts';

/** What administrators see of a user has changed. */
export const tellUser = ({ publish }: Pick<Services, 'publish'>, userId: string, change: 'created' | 'updated') =>
  publish({ type: 'user.changed', data: { userId, change } });
