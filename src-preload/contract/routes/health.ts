import { z } from 'zod';
import { defineRoute } from '../route.ts';

export const healthRoutes = {
  'health.get': defineRoute({
    method: 'GET',
    path: '/health',
    tag: 'health',
    summary: 'Whether Octopus works, and whether it waits for its first administrator.',
    access: 'anonymous',
    response: z.object({ status: z.literal('ok'), version: z.string(), setupNeeded: z.boolean() }).meta({ id: 'Health' }),
    status: 200,
  }),
};
