import { useMemo } from 'react';
import { create } from 'zustand';
import { toClientError } from '../../api/client-error.ts';
import { useCore } from '../../api/queries.tsx';
import { notifyDone, notifyFailed } from '../../notify.tsx';
import { sourcesTexts as texts } from '../../texts/sources.ts';
import { formatNumber } from '../../ui/format.ts';

/** What this client does with a source. How it went the core keeps, for everybody. */
export interface Contact {
  busy?: 'sync' | 'test';
  answered?: string;
}

const useStore = create<Readonly<Record<string, Contact>>>()(() => ({}));
const none: Contact = {};

export const useContact = (sourceId: string): Contact => useStore((all) => all[sourceId]) ?? none;
const set = (id: string, contact: Contact) => useStore.setState({ [id]: contact });

type Named = { id: string; name: string };

/** Reading and testing go on while another screen is shown. */
export function useSourceWork() {
  const { client, invalidator } = useCore();
  return useMemo(() => {
    async function work(busy: 'sync' | 'test', { id }: Named, ask: () => Promise<Contact>): Promise<void> {
      if (useStore.getState()[id]?.busy) return;
      set(id, { busy });
      try {
        set(id, await ask());
      } catch (error) {
        set(id, none);
        notifyFailed(toClientError(error));
      }
      invalidator.action(`sources.${busy}`);
    }
    return {
      sync: (source: Named) =>
        work('sync', source, async () => {
          const { machines, removed } = await client.call('sources.sync', { params: { id: source.id } });
          notifyDone(texts.done.read(source.name, formatNumber(machines), formatNumber(removed)));
          return {};
        }),
      test: (source: Named) =>
        work('test', source, async () => {
          const { name, version } = await client.call('sources.test', { params: { id: source.id } });
          notifyDone(texts.done.tested(name, version));
          return { answered: name };
        }),
      forget: (id: string) => set(id, none),
    };
  }, [client, invalidator]);
}
