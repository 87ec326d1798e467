import type { Handler } from './call.ts';
import { collectorOperations } from './collector-operations.ts';
import { machineOperations } from './machine-operations.ts';
import { searchOperations } from './search-operations.ts';
import { sessionOperations } from './session-operations.ts';
import { viewOperations } from './view-operations.ts';

export const handlers: Readonly<Record<string, Handler>> = {
  ...sessionOperations,
  ...viewOperations,
  ...collectorOperations,
  ...machineOperations,
  ...searchOperations,
};

/** What may be called before the login. Reading properties checks by itself. */
export const anonymousOperations: ReadonlySet<string> = new Set([
  'RetrieveServiceContent',
  'Login',
  'RetrieveProperties',
  'RetrievePropertiesEx',
]);
