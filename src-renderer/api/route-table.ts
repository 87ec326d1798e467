import { type RouteId, routeIds, routeOf } from '../../src-preload/contract/routes.ts';

export interface RouteAddress {
  method: string;
  path: string;
  /** Needs no token. */
  anonymous: boolean;
  /** Takes an idempotency key. */
  creates: boolean;
}

/** What a call over HTTP needs of the contract. The bundler puts the finished table here, so that the client starts without Zod and all schemas. */
export const routeTable = Object.fromEntries(
  routeIds.map((id): [RouteId, RouteAddress] => {
    const { method, path, access, creates } = routeOf(id);
    return [id, { method, path, anonymous: access === 'anonymous', creates: creates ?? false }];
  }),
) as Readonly<Record<RouteId, RouteAddress>>;
