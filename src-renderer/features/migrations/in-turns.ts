/** Does it for each, a few at a time; one that fails does not stop the others. */
export async function inTurns<Item>(items: readonly Item[], together: number, act: (item: Item) => Promise<unknown>) {
  const waiting = [...items];
  const errors: unknown[] = [];
  let done = 0;
  async function work(): Promise<void> {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await act(item);
        done++;
      } catch (error) {
        errors.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: together }, work));
  return { done, errors };
}
