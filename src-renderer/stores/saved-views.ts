import { createPerPerson } from './per-person.ts';

export interface SavedView {
  id: string;
  name: string;
  /** Filters, sort and columns: whatever its screen put there. Checked by the screen when it is used. */
  state: unknown;
}

interface SavedViews {
  /** By screen. */
  views: Readonly<Record<string, readonly SavedView[]>>;
}

const { use: useStore, becomes } = createPerPerson<SavedViews>('octopus.views', { views: {} });
export const viewAs = becomes;

const none: readonly SavedView[] = [];

/** A screen's saved views, each person's own on this computer. */
export function useSavedViews(screen: string): readonly SavedView[] {
  return useStore(({ views }) => views[screen] ?? none);
}

/** Saved under the same name, it takes the former's place. */
export function saveView(screen: string, name: string, state: unknown, newId: () => string = () => crypto.randomUUID()): SavedView {
  const before = useStore.getState().views[screen] ?? none;
  const view = { id: before.find((one) => one.name === name)?.id ?? newId(), name, state };
  change(screen, [...before.filter((one) => one.id !== view.id), view]);
  return view;
}

export function removeView(screen: string, id: string): void {
  change(
    screen,
    (useStore.getState().views[screen] ?? none).filter((one) => one.id !== id),
  );
}

const change = (screen: string, views: readonly SavedView[]) =>
  useStore.setState((store) => ({ views: { ...store.views, [screen]: views } }));
