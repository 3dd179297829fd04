import type { ServedHandlers } from '../handler/served-handlers.js';
import { PriorityTurns } from '../priority-turns.js';

/**
 * Queues that are claimed from together. A handler with a bound of its own has a group of its own, since one claim
 * takes as many jobs as it is allowed from any of its queues.
 */
export class ClaimGroup {
  /** There may be jobs: it was woken, or the last claim came back full. */
  hungry = false;
  readonly turns = new PriorityTurns();
  private turn = 0;

  constructor(readonly queues: readonly string[]) {}

  /** The queues, each time beginning with the next. */
  inTurn(): string[] {
    const first = this.turn++ % this.queues.length;
    return [...this.queues.slice(first), ...this.queues.slice(0, first)];
  }
}

export function claimGroups(handlers: ServedHandlers): ClaimGroup[] {
  const queuesOf = (bounded: boolean): string[] =>
    [...handlers.values()]
      .filter((handler) => (handler.concurrency !== undefined) === bounded)
      .map(({ queue }) => queue);
  const shared = queuesOf(false);
  const bounded = queuesOf(true);
  return [...(shared.length > 0 ? [shared] : []), ...bounded.map((queue) => [queue])].map(
    (queues) => new ClaimGroup(queues),
  );
}
