import { z } from 'zod';
import { id, idParams, name, nothing, pageOf, paging, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const timing = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('every'), minutes: z.int().min(1).max(525_600) }),
  z.strictObject({
    type: z.literal('cron'),
    expression: z.string().min(1).max(200).meta({ description: 'Five fields: minute, hour, day of month, month, day of week.' }),
    timeZone: z.string().min(1).max(100).default('UTC').meta({ description: 'As in the tz database, e.g. Europe/Vienna.' }),
  }),
  z.strictObject({ type: z.literal('at'), at: time }),
]);
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');
const quietWindow = z.strictObject({
  days: z
    .array(z.int().min(0).max(6))
    .max(7)
    .default([])
    .meta({ description: '0 is Sunday; none means every day. The day on which the window begins.' }),
  from: clockTime,
  to: clockTime,
  timeZone: z.string().min(1).max(100).default('UTC'),
});
const kind = z.enum(['sync', 'cutover', 'inventory', 'retention']);
const changeable = {
  name,
  timing,
  quiet: z.array(quietWindow).max(20).meta({ description: 'When nothing is begun.' }),
  jitterSeconds: z.int().min(0).max(86_400).meta({ description: 'Most seconds that it begins later, so that not all begin at once.' }),
  enabled: z.boolean(),
};

export const schedule = z
  .object({
    id,
    kind,
    migrationId: id.optional(),
    sourceId: id.optional(),
    ...changeable,
    dueAt: time.optional(),
    createdAt: time,
  })
  .meta({ id: 'Schedule' });

export const task = z
  .object({
    id,
    kind: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'dead', 'cancelled']),
    scheduleId: id.optional(),
    migrationId: id.optional(),
    sourceId: id.optional(),
    priority: z.int(),
    attempts: z.int(),
    dueAt: time,
    startedAt: time.optional(),
    endedAt: time.optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'Task' });

export const scheduleRoutes = {
  'schedules.list': defineRoute({
    method: 'GET',
    path: '/schedules',
    tag: 'schedules',
    summary: "Schedules of the caller's migrations; for an administrator all.",
    access: 'viewer',
    query: z.strictObject({ migrationId: id.optional() }),
    response: z.object({ items: z.array(schedule) }),
    status: 200,
  }),
  'schedules.create': defineRoute({
    method: 'POST',
    path: '/schedules',
    tag: 'schedules',
    summary: 'What is to be done, and when. Those without a migration are for administrators.',
    access: 'operator',
    body: z.strictObject({
      kind,
      migrationId: id.optional().meta({ description: 'For sync and cutover.' }),
      sourceId: id.optional().meta({ description: 'For inventory.' }),
      name,
      timing,
      quiet: changeable.quiet.default([]),
      jitterSeconds: changeable.jitterSeconds.default(0),
      enabled: z.boolean().default(true),
    }),
    response: schedule,
    status: 201,
    creates: true,
    audit: 'schedule.create',
  }),
  'schedules.get': defineRoute({
    method: 'GET',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'One schedule.',
    access: 'viewer',
    owned: 'schedule',
    params: idParams,
    response: schedule,
    status: 200,
  }),
  'schedules.update': defineRoute({
    method: 'PATCH',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'Changes a schedule, or switches it on or off.',
    access: 'operator',
    owned: 'schedule',
    params: idParams,
    body: z.strictObject(changeable).partial(),
    response: schedule,
    status: 200,
    audit: 'schedule.update',
  }),
  'schedules.remove': defineRoute({
    method: 'DELETE',
    path: '/schedules/:id',
    tag: 'schedules',
    summary: 'Removes a schedule; what it has begun goes on.',
    access: 'operator',
    owned: 'schedule',
    params: idParams,
    response: nothing,
    status: 204,
    audit: 'schedule.remove',
  }),
  'tasks.list': defineRoute({
    method: 'GET',
    path: '/tasks',
    tag: 'tasks',
    summary: "Tasks of the caller's migrations, newest first; for an administrator all.",
    access: 'viewer',
    query: z.strictObject({ state: task.shape.state.optional(), migrationId: id.optional(), ...paging }),
    response: pageOf(task),
    status: 200,
  }),
  'tasks.get': defineRoute({
    method: 'GET',
    path: '/tasks/:id',
    tag: 'tasks',
    summary: 'One task.',
    access: 'viewer',
    owned: 'task',
    params: idParams,
    response: task,
    status: 200,
  }),
  'tasks.retry': defineRoute({
    method: 'POST',
    path: '/tasks/:id/retry',
    tag: 'tasks',
    summary: 'Lets a dead task begin again.',
    access: 'operator',
    owned: 'task',
    params: idParams,
    response: task,
    status: 200,
    audit: 'task.retry',
  }),
  'scheduler.get': defineRoute({
    method: 'GET',
    path: '/admin/scheduler',
    tag: 'tasks',
    summary: 'Whether new tasks are begun, and how many wait and run.',
    access: 'admin',
    response: z
      .object({ state: z.enum(['running', 'paused', 'draining']), waiting: z.int(), running: z.int(), dead: z.int() })
      .meta({ id: 'Scheduler' }),
    status: 200,
  }),
  'scheduler.set': defineRoute({
    method: 'PUT',
    path: '/admin/scheduler',
    tag: 'tasks',
    summary: 'Pauses (begins nothing new) or goes on.',
    access: 'admin',
    body: z.strictObject({ state: z.enum(['running', 'paused']) }),
    response: z.object({ state: z.enum(['running', 'paused', 'draining']) }),
    status: 200,
    audit: 'scheduler.set',
  }),
};
