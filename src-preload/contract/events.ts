import { z } from 'zod';
import { failure, id } from './common.ts';

const counts = z.object({ read: z.number(), sent: z.number(), zero: z.number(), unchanged: z.number() });
const ofRun = { migrationId: id, runId: id };
const ofCutover = { migrationId: id, cutoverId: id };

/** What happens, by type. An event with a `migrationId` reaches only those who may see that migration. Sizes are bytes. */
export const eventData = {
  'run.started': z.object({ ...ofRun, machine: z.string(), resumed: z.boolean() }),
  'run.phase': z.object({ ...ofRun, phase: z.string() }),
  'run.disk': z.object({
    ...ofRun,
    key: z.number(),
    mode: z.string(),
    doubt: z.string().optional(),
    bytes: z.number(),
    capacity: z.number(),
  }),
  'run.progress': z.object({
    ...ofRun,
    key: z.number(),
    activity: z.enum(['transfer', 'verify']),
    done: z.number(),
    total: z.number(),
    counts,
  }),
  'verify.progress': z.object({
    migrationId: id,
    operationId: id,
    key: z.number(),
    done: z.number(),
    total: z.number(),
  }),
  'run.retry': z.object({ ...ofRun, key: z.number().optional(), attempt: z.number(), code: z.string(), message: z.string() }),
  'run.note': z.object({ ...ofRun, text: z.string() }),
  'run.ended': z.object({ ...ofRun, state: z.string(), error: failure.optional(), counts }),
  'cutover.phase': z.object({ ...ofCutover, phase: z.string() }),
  'cutover.ended': z.object({ ...ofCutover, state: z.string(), error: failure.optional() }),
  'migration.changed': z.object({ migrationId: id, change: z.enum(['created', 'updated', 'removed']) }),
  'operation.started': z.object({ migrationId: id, operationId: id, kind: z.string() }),
  'operation.ended': z.object({ migrationId: id, operationId: id, kind: z.string(), error: failure.optional() }),
  'recovery-point.verified': z.object({
    migrationId: id,
    recoveryPointId: id,
    outcome: z.enum(['match', 'mismatch']),
    mismatch: z.string().optional(),
  }),
  'source.changed': z.object({ sourceId: id, change: z.enum(['created', 'updated', 'removed', 'synced', 'failed']) }),
  'target.changed': z.object({ targetId: id, change: z.enum(['created', 'updated', 'removed', 'failed']) }),
  /** `error`: why a cutover was not begun. */
  'task.changed': z.object({ migrationId: id.optional(), taskId: id, state: z.string(), error: failure.optional() }),
  'user.changed': z.object({ userId: id, change: z.enum(['created', 'updated']) }),
  'settings.changed': z.object({ name: z.string() }),
} as const;

export type EventType = keyof typeof eventData;
export const eventTypes = Object.keys(eventData) as EventType[];

/** What is published: the id and the time are given when it is stored. */
export type OctopusEvent = { [Type in EventType]: { type: Type; data: z.infer<(typeof eventData)[Type]> } }[EventType];

/** As it comes over the event stream. Ids grow; after a gap the client asks for the state anew. */
export const storedEvent = z
  .object({
    id: z.int(),
    at: z.iso.datetime(),
    type: z.string().meta({ examples: ['run.progress', 'run.ended'] }),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });
