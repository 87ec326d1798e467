/** What each screen gets. Apart from screens.ts, which knows them all: a screen that looked there would look at itself. */
export interface ScreenProps {
  /** What stands in the place of `:name` in the path. */
  params: Readonly<Record<string, string | undefined>>;
}
