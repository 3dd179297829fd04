import {
  fetchOutbox,
  outboxTopicKey,
  type FetchedTopic,
  type OutboxPosition,
  type OutboxTopic,
  type Queryable,
} from '@baton/persistence';

interface Request {
  topic: OutboxTopic;
  positions: readonly OutboxPosition[];
  resolve: (fetched: FetchedTopic) => void;
  reject: (error: unknown) => void;
}

/** Topics in one statement: bounds what it brings to 8 × 512 KiB of payload. */
const topicsAtOnce = 8;

const nothing: FetchedTopic = { rows: [], more: false };

/**
 * Looks for topics in turn, one statement at a time. Those that ask while one is under way share the next, first
 * come first served, so that a queue with a long backlog gets one batch and then waits behind the others.
 */
export class OutboxFetcher {
  private readonly waiting: Request[] = [];
  private pumping = false;

  constructor(private readonly db: Queryable) {}

  fetch(topic: OutboxTopic, positions: readonly OutboxPosition[]): Promise<FetchedTopic> {
    if (positions.length === 0) return Promise.resolve(nothing);
    return new Promise((resolve, reject) => {
      this.waiting.push({ topic, positions, resolve, reject });
      if (!this.pumping) void this.pump();
    });
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    await Promise.resolve(); // those who ask in this turn of the event loop share the first statement
    while (this.waiting.length > 0) {
      const requests = this.waiting.splice(0, topicsAtOnce);
      try {
        const fetched = await fetchOutbox(
          this.db,
          requests.flatMap((request) => request.positions),
        );
        for (const { topic, resolve } of requests) resolve(fetched.get(outboxTopicKey(topic)) ?? nothing);
      } catch (error) {
        for (const { reject } of requests) reject(error);
      }
    }
    this.pumping = false;
  }
}
