import { type ComponentType, useEffect } from 'react';
import { create } from 'zustand';

export interface Command {
  id: string;
  /** A verb and what it is done to. */
  text: string;
  icon?: ComponentType<{ size?: number | string; stroke?: number }>;
  hint?: string;
  /** Found by these words too. */
  words?: string;
  run: () => void;
}

const useRegistry = create<Readonly<Record<string, readonly Command[]>>>()(() => ({}));

/** Puts commands into the palette (Ctrl+K); those of the same owner take the place of its former ones. Answers what takes them away. */
export function registerCommands(owner: string, commands: readonly Command[]): () => void {
  useRegistry.setState({ [owner]: commands });
  return () => {
    if (useRegistry.getState()[owner] === commands) useRegistry.setState({ [owner]: [] });
  };
}

/** A screen's commands, while it is shown. `commands` should stay the same object between renders (useMemo). */
export function useCommands(owner: string, commands: readonly Command[]): void {
  useEffect(() => registerCommands(owner, commands), [owner, commands]);
}

export function useAllCommands(): readonly Command[] {
  return Object.values(useRegistry()).flat();
}
