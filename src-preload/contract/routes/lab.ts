import { z } from 'zod';
import { id, nothing } from '../common.ts';
import { defineRoute } from '../route.ts';

export const lab = z
  .object({
    running: z.boolean(),
    url: z.string().optional(),
    machines: z.int(),
    sourceId: id.optional(),
    last: z
      .object({ machines: z.int().optional(), seed: z.int() })
      .optional()
      .meta({ description: 'How it was started last: started so again, its machines are as they were.' }),
    trouble: z.enum(['lost', 'notKept']).optional().meta({
      description:
        'The state of its machines: `lost` could not be read, so it began afresh; `notKept` cannot be written, so the next start begins afresh.',
    }),
  })
  .meta({ id: 'Lab' });

const common = { tag: 'lab', path: '/lab' } as const;

export const labRoutes = {
  'lab.get': defineRoute({
    ...common,
    method: 'GET',
    summary: 'Whether the simulated vCenter runs.',
    access: 'viewer',
    response: lab,
    status: 200,
  }),
  'lab.start': defineRoute({
    ...common,
    method: 'POST',
    summary:
      'Starts the simulated vCenter inside Octopus and adds it as a source; it comes back as it was with every start until it is ended. Where it runs already, that is the answer.',
    access: 'admin',
    body: z
      .strictObject({
        machines: z.int().min(1).max(5000).optional().meta({
          description: 'So many made-up ones, with disks as large as real ones; without it a dozen small samples, copied within seconds.',
        }),
        seed: z
          .int()
          .min(0)
          .max(2 ** 31)
          .default(8)
          .meta({
            description:
              'The same number with the same machines is the same vCenter; another one is another source. `octopus lab` has 1 unless told otherwise, so that both can be sources at once.',
          }),
      })
      .prefault({}),
    response: lab,
    status: 200,
    audit: 'lab.start',
  }),
  'lab.stop': defineRoute({
    ...common,
    method: 'DELETE',
    summary: 'Ends it; its source stays, unreachable.',
    access: 'admin',
    response: nothing,
    status: 204,
    audit: 'lab.stop',
  }),
};
