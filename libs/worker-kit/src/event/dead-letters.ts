import { topics } from '@baton/contracts';
import { deadLetterOf, RecordRefusedError, type BrokerProducer, type IncomingRecord } from '@baton/messaging';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';

const retryMs = 1_000;

/** Moves records that nobody can read to `baton.dead-letter`: their raw bytes, with the reason and their place. */
export class DeadLetters {
  private readonly outage: Outage;
  private closed = false;

  constructor(
    private readonly producer: BrokerProducer,
    private readonly log: Log,
  ) {
    this.outage = new Outage(log, 'writing to the dead-letter topic');
  }

  close(): void {
    this.closed = true;
  }

  /** Resolves to true when the broker has it; goes on trying while the broker is away. False: closed before. */
  async bury(record: IncomingRecord, reason: string): Promise<boolean> {
    const { topic, partition, offset } = record;
    this.log.error(
      { topic, partition, offset: String(offset), why: reason },
      'a record cannot be decoded and goes to the dead-letter topic',
    );
    while (!this.closed) {
      try {
        await this.producer.send(topics.deadLetter, [deadLetterOf(record, reason)]);
        this.outage.worked();
        return true;
      } catch (error) {
        if (error instanceof RecordRefusedError) {
          this.log.error(
            { err: error, topic, partition, offset: String(offset) },
            'the broker refused a dead letter; the record is lost to it',
          );
          return true;
        }
        this.outage.failed(error);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    return false;
  }
}
