/** More of a kind are shown as one line until somebody asks for them. */
const MOST_OF_KIND = 3;

export interface AttentionGroup<Item> {
  kind: string;
  items: readonly Item[];
  folded: boolean;
}

/** By kind, in the order that they came: the most urgent first. */
export function groupsOf<Item extends { kind: string }>(items: readonly Item[], opened: ReadonlySet<string>): AttentionGroup<Item>[] {
  return [...Map.groupBy(items, ({ kind }) => kind)].map(([kind, ofKind]) => ({
    kind,
    items: ofKind,
    folded: ofKind.length > MOST_OF_KIND && !opened.has(kind),
  }));
}
