import { readPublishWindows, type Queryable } from '@baton/persistence';

/** Settings are read again after this long, should word of a change be lost. */
const keepMs = 60_000;

/** Each queue's window, kept until word comes that the queue's settings changed. */
export class PublishWindows {
  private readonly known = new Map<string, { window: number; at: number }>();

  constructor(private readonly db: Queryable) {}

  async of(queue: string): Promise<number> {
    const kept = this.known.get(queue);
    if (kept && performance.now() - kept.at < keepMs) return kept.window;
    const window = (await readPublishWindows(this.db, [queue])).get(queue);
    if (window === undefined) throw new Error(`queue ${queue} has outbox rows and no settings`);
    this.known.set(queue, { window, at: performance.now() });
    return window;
  }

  forget(queues: readonly string[]): void {
    for (const queue of queues) this.known.delete(queue);
  }
}
