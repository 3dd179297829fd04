import type { EndReached } from '../broker-consumer.js';
import type { Holdings } from './holdings.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { BrokerLog } from './kafka-options.js';

const intervalMs = 1_000;

/**
 * Asks the broker for the ends of what a consumer holds, once a second, and tells which it has
 * reached. kafkajs does not say what an empty fetch was empty of: it may have failed, or been filled
 * by another partition.
 */
export class EndWatch {
  private readonly timer: NodeJS.Timeout;
  private asking = false;

  constructor(
    private readonly holdings: Holdings,
    private readonly admin: KafkaAdmin,
    private readonly report: (ends: EndReached[]) => void,
    private readonly log: BrokerLog | undefined,
  ) {
    this.timer = setInterval(() => void this.ask(), intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Never rejects. */
  private async ask(): Promise<void> {
    if (this.asking || !this.holdings.settled) return;
    this.asking = true;
    try {
      const ends = await this.reached();
      if (ends.length > 0) this.report(ends);
    } catch (error) {
      this.log?.('warn', 'The ends of the partitions read could not be compared', { error });
    } finally {
      this.asking = false;
    }
  }

  private async reached(): Promise<EndReached[]> {
    const { epoch } = this.holdings;
    const ends: EndReached[] = [];
    for (const topic of new Set(this.holdings.partitions().map((partition) => partition.topic))) {
      const at = Date.now();
      for (const { partition, low, high } of await this.admin.topicEndOffsets(topic)) {
        if (this.holdings.epoch !== epoch) return [];
        const position = this.holdings.position({ topic, partition }) ?? low;
        if (this.holdings.has({ topic, partition }) && (position >= high || low >= high))
          ends.push({ topic, partition, offset: high, at });
      }
    }
    return ends;
  }
}
