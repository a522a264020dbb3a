import { AsyncResource } from 'node:async_hooks';

/** How many groups are under way at a time; what comes meanwhile waits for one of them, and goes together. */
const lanes = 2;
/** How many go together at most. */
const maximumTogether = 100;

/**
 * Does what comes at the same time together, as a command takes about as long, here and in the database, for
 * one document as for ten. What comes alone is done at once. In a trace, a group belongs to its first.
 * @param work settles each of its items by itself, and never fails
 * @returns takes one more item
 */
export function inGroups<Item>(
  work: (group: readonly Item[]) => Promise<void>,
): (item: Item) => void {
  let waiting: { item: Item; scope: AsyncResource }[] = [];
  let underWay = 0;

  async function workOff(): Promise<void> {
    underWay += 1;
    while (waiting.length > 0) {
      const group = waiting.slice(0, maximumTogether);
      waiting = waiting.slice(maximumTogether);
      const items = group.map(({ item }) => item);
      await group[0]?.scope.runInAsyncScope(() => work(items));
    }
    underWay -= 1;
  }

  return (item) => {
    waiting.push({ item, scope: new AsyncResource('Grouped') });
    if (underWay < lanes) void workOff();
  };
}
