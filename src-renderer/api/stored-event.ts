import type { z } from 'zod';
import type { EventType, eventData, storedEvent } from '../../src-preload/contract/events.ts';

/** As it comes over the stream: a newer core may tell of types that this client does not know. */
export type StoredEvent = z.infer<typeof storedEvent>;
export type EventData<Type extends EventType> = z.infer<(typeof eventData)[Type]>;

/** The event's data, if it is of this type. */
export function dataOf<Type extends EventType>(event: StoredEvent, type: Type): EventData<Type> | undefined {
  return event.type === type ? (event.data as EventData<Type>) : undefined;
}
