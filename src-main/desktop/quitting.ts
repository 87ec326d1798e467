export interface QuitParts {
  busy: () => boolean;
  /** Whether the person wants it although a run is going on. */
  ask: () => Promise<boolean>;
  /** Runs come to a checkpoint; then all is closed. */
  close: () => Promise<void>;
  exit: () => void;
  onFailure: (error: unknown) => void;
}

export interface Quitting {
  /** For `before-quit`: answers whether it may go on at once. */
  mayQuit(): boolean;
  /** Without asking: the system shuts down or sent a signal. */
  now(): void;
  /** Closes all without ending yet; whoever calls it ends. */
  stop(): Promise<void>;
  /** Set from the moment that it is certain. */
  isCertain(): boolean;
}

/** The way out: asked for at most once at a time, and never before runs are where they can be resumed. */
export function createQuitting(parts: QuitParts): Quitting {
  let asking = false;
  let certain = false;
  let closed = false;

  let closing: Promise<void> | undefined;
  function stop(): Promise<void> {
    certain = true;
    closing ??= parts
      .close()
      .catch(parts.onFailure)
      .then(() => {
        closed = true;
      });
    return closing;
  }

  async function leave(): Promise<void> {
    if (certain) return;
    await stop();
    parts.exit();
  }

  async function askFirst(): Promise<void> {
    asking = true;
    try {
      if (!parts.busy() || (await parts.ask())) await leave();
    } finally {
      asking = false;
    }
  }

  return {
    mayQuit() {
      if (closed) return true;
      if (!asking && !certain) askFirst().catch(parts.onFailure);
      return false;
    },
    now: () => void leave(),
    stop,
    isCertain: () => certain,
  };
}
