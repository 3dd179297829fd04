import { create, toBinary } from '@bufbuild/protobuf';
import { WorkerReportSchema } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import type { Logger } from 'pino';

const tick = Buffer.from(
  toBinary(
    WorkerReportSchema,
    create(WorkerReportSchema, { events: [{ event: { case: 'tick', value: {} } }] }),
  ),
);

/** Writes to partitions whose workers have gone quiet, so that the inbox's own clock moves on. */
export class Ticks {
  private readonly underWay = new Set<number>();

  constructor(
    private readonly producer: BrokerProducer,
    private readonly topic: string,
    private readonly log: Logger,
  ) {}

  /** One tick each, unless one is still under way; it never rejects. */
  send(partitions: readonly number[]): void {
    for (const partition of partitions) if (!this.underWay.has(partition)) void this.sendOne(partition);
  }

  private async sendOne(partition: number): Promise<void> {
    this.underWay.add(partition);
    try {
      await this.producer.send(this.topic, [{ key: null, value: tick, partition }]);
    } catch (error) {
      this.log.debug({ err: error, partition }, 'a tick could not be sent; nobody is silent meanwhile');
    } finally {
      this.underWay.delete(partition);
    }
  }
}
