import type { activityRoutes } from '../../../src-preload/contract/routes/activity.ts';
import type { HandlersOf } from '../handler.ts';

/** Entries in one answer; each is at most some tens of KiB. */
const MOST = 10_000;

export const activityHandlers: HandlersOf<typeof activityRoutes> = {
  'activity.list': async ({ query }, { services }) => {
    const { limit, cursor, ...filter } = query;
    const page = await services.audit.list(filter, { limit, cursor });
    return { items: page.entries, next: page.cursor };
  },
  'activity.export': async ({ query }, { services, signal }) => {
    const { format, ...filter } = query;
    const parts: string[] = [];
    for await (const part of services.audit.export(format, filter, signal)) {
      if (parts.length > MOST) return { format, text: parts.join(''), complete: false };
      parts.push(part);
    }
    return { format, text: parts.join(''), complete: true };
  },
  'activity.verify': async (_input, { services }) => services.audit.verify(),
};
