import { deadLetterOf, RecordRefusedError, type BrokerProducer, type IncomingRecord } from '@baton/messaging';
import type { Logger } from 'pino';
import { undecodable } from '../metrics/relay-metrics.js';

/**
 * Puts a record aside, with its bytes as they are. Rejects while the broker is away; one that the broker will not
 * take back is logged and left.
 */
export async function deadLetter(
  { producer, topic: deadLetterTopic, log }: { producer: BrokerProducer; topic: string; log: Logger },
  record: IncomingRecord,
  reason: string,
): Promise<void> {
  const { topic, partition } = record;
  const offset = String(record.offset);
  undecodable.inc();
  log.error({ topic, partition, offset, reason }, 'a record is put aside');
  try {
    await producer.send(deadLetterTopic, [deadLetterOf(record, reason)]);
  } catch (error) {
    if (!(error instanceof RecordRefusedError)) throw error;
    log.error(
      { err: error, topic, partition, offset },
      'the broker refused a dead letter; its record is lost',
    );
  }
}
