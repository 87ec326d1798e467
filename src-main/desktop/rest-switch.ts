import { type OctopusError, toOctopusError } from '../../workers/octopus-error.ts';
import type { Core } from '../serve/open-core.ts';

export interface OpenedRest {
  origin: string;
  close(): Promise<void>;
}

export interface RestSwitchParts {
  settings: Pick<Core['settings'], 'get' | 'onChange' | 'applied'>;
  open: () => Promise<OpenedRest>;
  onFailure: (error: OctopusError) => void;
}

export interface RestSwitch {
  /** Where it listens now. */
  origin(): string | undefined;
  close(): Promise<void>;
}

/** The REST API and the web client as the settings want them, also when these change: nobody has to start the application anew. */
export function createRestSwitch({ settings, open, onFailure }: RestSwitchParts): RestSwitch {
  const names = ['rest.enabled', 'rest.address', 'rest.port', 'rest.rateLimitPerMinute'] as const;
  let opened: OpenedRest | undefined;
  let closed = false;
  let turn: Promise<void> = Promise.resolve();
  const planned = { anew: false };

  function plan(): void {
    // Several settings that change at once are one change.
    if (planned.anew) return;
    planned.anew = true;
    turn = turn.then(apply).catch((error) => onFailure(toOctopusError(error)));
  }

  async function apply(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    planned.anew = false;
    await opened?.close();
    opened = undefined;
    if (closed) return;
    if (settings.get('rest.enabled')) opened = await open();
  }

  const stop = settings.onChange(({ name }) => {
    if (!(names as readonly string[]).includes(name)) return;
    settings.applied(names);
    plan();
  });
  plan();
  return {
    origin: () => opened?.origin,
    async close() {
      stop();
      closed = true;
      await turn;
      await opened?.close();
      opened = undefined;
    },
  };
}
