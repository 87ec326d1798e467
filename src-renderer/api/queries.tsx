import {
  QueryClient,
  type QueryKey,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
} from '@tanstack/react-query';
import { createContext, useContext, useMemo, useState } from 'react';
import type { Output, RouteId, Routes } from '../../src-preload/contract/routes.ts';
import { notifyDone, notifyFailed } from '../notify.tsx';
import type { CallInput, Client } from './client.ts';
import { type ClientError, toClientError } from './client-error.ts';
import { createInvalidator } from './invalidation.ts';

/** Routes that only read. */
export type ReadId = { [Id in RouteId]: Routes[Id]['method'] extends 'GET' ? Id : never }[RouteId];
export type ActionId = Exclude<RouteId, ReadId>;
/** Routes that answer by pages. */
export type PagedId = {
  [Id in ReadId]: Output<Id> extends { items: unknown[]; next?: string | undefined }
    ? CallInput<Id> extends { query?: { cursor?: unknown } | undefined }
      ? Id
      : never
    : never;
}[ReadId];
export type Item<Id extends PagedId> = Output<Id> extends { items: (infer Row)[] } ? Row : never;

/** The input may be left out where the route needs none. */
type Given<Id extends RouteId, Options> =
  object extends CallInput<Id> ? [input?: CallInput<Id>, options?: Options] : [input: CallInput<Id>, options?: Options];

export interface RouteOptions {
  /** False: not asked for yet. */
  enabled?: boolean;
  /** Keeps showing the former answer while that of a changed input comes. */
  keepPrevious?: boolean;
  /** Milliseconds between two looks, for what no event tells of. */
  every?: number;
}

export const keyOf = (id: RouteId, input: unknown): QueryKey => [id, input ?? {}];

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Events say when it is old.
        staleTime: 60_000,
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => toClientError(error).retryable && failures < 2,
        retryDelay: (failures) => 500 * 2 ** failures,
        // A loopback core is there without any network.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

export interface Core {
  client: Client;
  queries: QueryClient;
  invalidator: ReturnType<typeof createInvalidator>;
}

export function createCore(client: Client): Core {
  const queries = createQueryClient();
  const invalidator = createInvalidator((isOld) => {
    void queries.invalidateQueries({ predicate: ({ queryKey }) => isOld(String(queryKey[0]), queryKey[1]) });
  });
  return { client, queries, invalidator };
}

const CoreContext = createContext<Core | undefined>(undefined);
export const CoreProvider = CoreContext.Provider;

export function useCore(): Core {
  const core = useContext(CoreContext);
  if (!core) throw new Error('There is no CoreProvider above.');
  return core;
}

export const useClient = (): Client => useCore().client;

/** What a route answers, kept up to date by events. */
export function useRoute<Id extends ReadId>(
  id: Id,
  ...[input, options = {}]: Given<Id, RouteOptions>
): UseQueryResult<Output<Id>, ClientError> {
  const client = useClient();
  return useQuery<Output<Id>, ClientError>({
    queryKey: keyOf(id, input),
    queryFn: ({ signal }) => client.call(id, (input ?? {}) as CallInput<Id>, { signal }),
    enabled: options.enabled ?? true,
    ...(options.keepPrevious ? { placeholderData: (previous) => previous as never } : {}),
    // It changes without an event: who comes back to the screen is not shown what was.
    ...(options.every === undefined ? {} : { refetchInterval: options.every, staleTime: 0 }),
  });
}

/** Calls of one group that go on at the same time: a browser keeps six connections to a server, and one is for the events. */
const ABREAST = 3;

/**
 * The same of many, a few at a time. `still`: events do not make it old, only `refetch` asks again; for what is dear and asked for once.
 */
export function useRoutes<Id extends ReadId>(
  id: Id,
  inputs: readonly CallInput<Id>[],
  options: Pick<RouteOptions, 'enabled'> & { still?: boolean } = {},
): readonly UseQueryResult<Output<Id>, ClientError>[] {
  const client = useClient();
  const [gate] = useState(() => createGate(ABREAST));
  return useQueries({
    queries: inputs.map((input) => ({
      queryKey: options.still ? ['still', ...keyOf(id, input)] : keyOf(id, input),
      queryFn: ({ signal }: { signal: AbortSignal }) => gate(() => client.call(id, input, { signal })),
      enabled: options.enabled ?? true,
      ...(options.still ? { staleTime: Number.POSITIVE_INFINITY, gcTime: 0 } : {}),
    })),
  }) as unknown as UseQueryResult<Output<Id>, ClientError>[];
}

/** Lets so many through at the same time. */
function createGate(abreast: number) {
  let going = 0;
  const waiting: (() => void)[] = [];
  return async <Value,>(act: () => Promise<Value>): Promise<Value> => {
    if (going >= abreast) await new Promise<void>((free) => waiting.push(free));
    going++;
    try {
      return await act();
    } finally {
      going--;
      waiting.shift()?.();
    }
  };
}

export type Pages<Id extends PagedId> = UseInfiniteQueryResult<{ pages: Output<Id>[] }, ClientError> & {
  rows: readonly Item<Id>[];
  /** For VirtualTable's onNeedMore. */
  more: () => void;
};

/** A list by pages, as one list that grows. */
export function usePages<Id extends PagedId>(id: Id, ...[input, options = {}]: Given<Id, RouteOptions>): Pages<Id> {
  const client = useClient();
  const { query } = (input ?? {}) as { query?: object };
  const result = useInfiniteQuery({
    queryKey: [...keyOf(id, input), 'pages'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.call(id, { ...input, query: { ...query, ...(pageParam === undefined ? {} : { cursor: pageParam }) } } as never, { signal }),
    getNextPageParam: (page) => (page as { next?: string }).next,
    enabled: options.enabled ?? true,
    ...(options.keepPrevious ? { placeholderData: (previous: unknown) => previous as never } : {}),
  });
  const pages = result.data?.pages as { items: Item<Id>[] }[] | undefined;
  const rows = useMemo(() => pages?.flatMap(({ items }) => items) ?? [], [pages]);
  const more = () => {
    if (result.hasNextPage && !result.isFetching) void result.fetchNextPage();
  };
  return { ...(result as unknown as UseInfiniteQueryResult<{ pages: Output<Id>[] }, ClientError>), rows, more };
}

export interface ActionOptions<Id extends ActionId> {
  /** Said when it went well. */
  done?: string | ((output: Output<Id>, input: CallInput<Id>) => string);
  /** Answers true for what it shows itself, e.g. beside a form's field: then nothing else is said. */
  handles?: (error: ClientError) => boolean;
  onDone?: (output: Output<Id>, input: CallInput<Id>) => void;
}

export type Action<Id extends ActionId> = UseMutationResult<Output<Id>, ClientError, CallInput<Id>>;

/** Something to do. What goes wrong is said in a notification unless `handles` takes it; `mutateAsync` rejects nevertheless. */
export function useAction<Id extends ActionId>(id: Id, options: ActionOptions<Id> = {}): Action<Id> {
  const { client, invalidator } = useCore();
  return useMutation<Output<Id>, ClientError, CallInput<Id>>({
    mutationKey: [id],
    mutationFn: (input) => client.call(id, input),
    onSuccess: (output, input) => {
      invalidator.action(id);
      if (options.done !== undefined) notifyDone(typeof options.done === 'string' ? options.done : options.done(output, input));
      options.onDone?.(output, input);
    },
    onError: (error) => {
      const known = toClientError(error);
      if (!options.handles?.(known)) notifyFailed(known);
    },
  });
}
