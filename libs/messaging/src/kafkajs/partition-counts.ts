import { BrokerUnavailableError } from '../broker.error.js';
import { metadataMaxAgeMs } from './kafka-client.js';
import type { BrokerLog } from './kafka-options.js';

interface Known {
  readonly count: number;
  readonly at: number;
}

/** How many partitions each topic has, remembered for a minute; an old figure serves while the broker is away. */
export class PartitionCounts {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly lookUp: (topic: string) => Promise<number | undefined>,
    private readonly log: BrokerLog | undefined,
  ) {}

  /** Rejects with `BrokerUnavailableError` when there is no such topic, or the broker is away and the topic not known. */
  async of(topic: string): Promise<number> {
    const known = this.known.get(topic);
    if (known && performance.now() - known.at < metadataMaxAgeMs) return known.count;
    const count = await this.ask(topic, known);
    if (!count) throw new BrokerUnavailableError(`There is no topic ${topic}.`, { topic });
    this.known.set(topic, { count, at: performance.now() });
    return count;
  }

  /** These figures may be wrong: they are asked for again when next needed. */
  doubt(topics: Iterable<string>): void {
    for (const topic of topics) {
      const known = this.known.get(topic);
      if (known) this.known.set(topic, { ...known, at: -Infinity });
    }
  }

  private async ask(topic: string, known: Known | undefined): Promise<number | undefined> {
    try {
      return await this.lookUp(topic);
    } catch (error) {
      if (!known) throw error;
      this.log?.('debug', 'The partitions of a topic could not be looked up; the last figure is used', {
        topic,
        error,
      });
      return known.count;
    }
  }
}
