import { z } from 'zod';
import { failure, id, idParams, nothing, pageOf, paging, time } from '../common.ts';
import { defineRoute } from '../route.ts';

const milliseconds = z
  .int()
  .min(0)
  .max(30 * 86_400_000);
const zone = z
  .string()
  .min(1)
  .max(100)
  .meta({ description: 'As in the tz database.', examples: ['Europe/Vienna'] });
const timing = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('every'),
    minutes: z.int().min(1).max(525_600),
    startAt: time.optional().meta({ description: 'Where the grid begins; when the schedule was made unless given.' }),
  }),
  z.strictObject({
    type: z.literal('cron'),
    expression: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'Minute, hour, day of month, month, day of week.', examples: ['30 2 * * 1-5'] }),
    zone,
  }),
  z.strictObject({
    type: z.literal('once'),
    at: time,
    checkLeadMs: milliseconds.default(0).meta({ description: 'A cutover is checked this long before, so that a person can still act.' }),
    graceMs: milliseconds
      .default(3_600_000)
      .meta({ description: 'Later than this after `at` it is refused instead of surprising people.' }),
  }),
]);
const clockTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM')
  .meta({ examples: ['08:30'] });
const quietWindow = z.strictObject({
  zone,
  days: z.array(z.int().min(1).max(7)).min(1).max(7).meta({ description: 'On which it begins: 1 Monday to 7 Sunday.' }),
  from: clockTime,
  to: clockTime.meta({ description: 'At or before `from`: on the next day.' }),
});
const kind = z.enum(['run', 'cutover', 'inventory', 'retention', 'verify']);
const jitterMs = z
  .int()
  .min(0)
  .max(86_400_000)
  .meta({ description: 'Most milliseconds that it begins later, so that not all begin at once.' });
const priority = z.int().min(0).max(100).meta({ description: 'Higher goes first; what a person asks for has 50.' });
const accept = z
  .array(z.enum(['disks']))
  .max(1)
  .meta({
    description:
      'Of a cutover: `disks` accepts that a disk that is left out is missing at the target; without it such a cutover is a no-go.',
  });
/** Also read where they come as text, in a query. */
export const windows = z.array(quietWindow).max(20).meta({ description: 'When nothing is begun.' });

export const schedule = z
  .object({
    id,
    kind,
    migrationId: id.optional(),
    machineName: z.string().optional().meta({ description: 'Of the migration. Not in what create and update answer.' }),
    sourceId: id.optional(),
    timing,
    windows,
    jitterMs,
    priority,
    enabled: z.boolean(),
    accept: accept.optional(),
    endedByCutover: z
      .boolean()
      .optional()
      .meta({ description: 'It is off since its machine was cut over; also after a rollback, until it is switched on.' }),
    nextAt: time.optional().meta({ description: 'When it begins next: of what falls into a quiet window that is its end.' }),
    createdAt: time,
  })
  .meta({ id: 'Schedule' });

const taskState = z.enum(['waiting', 'running', 'done', 'failed', 'dead', 'cancelled']);
export const task = z
  .object({
    id,
    kind: z.enum(['run', 'cutover', 'cutover-check', 'inventory', 'retention', 'verify']),
    state: taskState,
    scheduleId: id.optional(),
    migrationId: id.optional(),
    machineName: z.string().optional().meta({ description: 'Of the migration. Not in what retry and cancel answer.' }),
    targetName: z.string().optional().meta({ description: 'Of the migration. Only where one task is read.' }),
    sourceId: id.optional(),
    priority: z.int(),
    attempts: z.int(),
    dueAt: time,
    quietUntil: time.optional().meta({ description: "It waits for the end of its schedule's quiet window. Only where tasks are read." }),
    waitsFor: id
      .optional()
      .meta({ description: 'The task that works with the same machine: this one begins once that has ended. Only where tasks are read.' }),
    latestStart: time.optional().meta({ description: 'Of a cutover: after this it is not begun any more.' }),
    heldBy: id
      .optional()
      .meta({ description: 'Of a cutover that could not begin by its latest start: the task that worked with the same machine.' }),
    createdAt: time,
    startedAt: time.optional(),
    endedAt: time.optional(),
    error: failure.optional(),
  })
  .meta({ id: 'Task', description: '`failed` cannot pass by repeating it, `dead` was repeated as often as its error allows.' });

const schedulerState = z.enum(['running', 'paused']);
const scheduler = z
  .object({
    state: schedulerState,
    pausedBy: z.enum(['person', 'restore']).optional().meta({
      description: '`restore`: a backup was put back, whose plans may be done already. Look at its schedules before it goes on.',
    }),
    waiting: z.int(),
    running: z.int(),
    failed: z.int(),
    dead: z.int(),
  })
  .meta({ id: 'Scheduler' });

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
  'schedules.times': defineRoute({
    method: 'GET',
    path: '/schedule-times',
    tag: 'schedules',
    summary: 'When a timing that is not stored yet would begin next; refused as it would be in a schedule.',
    access: 'viewer',
    query: z.strictObject({
      minutes: z.coerce
        .number()
        .int()
        .min(1)
        .max(525_600)
        .optional()
        .meta({ description: 'These, or an expression; without both nothing is planned.' }),
      startAt: time.optional(),
      expression: z.string().min(1).max(200).optional(),
      zone: zone.default('UTC').meta({ description: 'Of the expression.' }),
      windows: z.string().max(10_000).optional().meta({ description: 'Quiet windows as in a schedule, as JSON.' }),
      count: z.coerce.number().int().min(1).max(20).default(5),
    }),
    response: z.object({
      items: z
        .array(time)
        .meta({ description: 'The soonest first. What falls into a quiet window begins once, at its end; jitter comes on top.' }),
    }),
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
      migrationId: id.optional().meta({ description: 'For run, cutover and verify.' }),
      sourceId: id.optional().meta({ description: 'For inventory.' }),
      timing,
      windows: windows.default([]),
      jitterMs: jitterMs.default(0),
      priority: priority.default(10),
      enabled: z.boolean().default(true),
      accept: accept.optional(),
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
    body: z.strictObject({ timing, windows, jitterMs, priority, enabled: z.boolean(), accept }).partial(),
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
    query: z.strictObject({ state: taskState.optional(), migrationId: id.optional(), scheduleId: id.optional(), ...paging }),
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
    summary: 'Lets a failed or dead task begin again.',
    access: 'operator',
    owned: 'task',
    params: idParams,
    response: task,
    status: 200,
    audit: 'task.retry',
  }),
  'tasks.cancel': defineRoute({
    method: 'POST',
    path: '/tasks/:id/cancel',
    tag: 'tasks',
    summary: 'Cancels a task that waits or runs.',
    access: 'operator',
    owned: 'task',
    params: idParams,
    response: task,
    status: 200,
    audit: 'task.cancel',
  }),
  'scheduler.get': defineRoute({
    method: 'GET',
    path: '/admin/scheduler',
    tag: 'tasks',
    summary: 'Whether new tasks are begun, and how many wait and run.',
    access: 'admin',
    response: scheduler,
    status: 200,
  }),
  'scheduler.set': defineRoute({
    method: 'PUT',
    path: '/admin/scheduler',
    tag: 'tasks',
    summary: 'Pauses (nothing new is begun, also after a restart) or goes on.',
    access: 'admin',
    body: z.strictObject({ state: schedulerState }),
    response: scheduler,
    status: 200,
    audit: 'scheduler.set',
  }),
};
