import { RecordRefusedError, type BrokerProducer, type IncomingRecord } from '@baton/messaging';
import type { Logger } from 'pino';
import { undecodable } from '../metrics/relay-metrics.js';

/** Headers that say why a record lies in the dead-letter topic, and where it lay. */
const deadHeaders = {
  reason: 'baton-dead-reason',
  topic: 'baton-dead-topic',
  partition: 'baton-dead-partition',
  offset: 'baton-dead-offset',
} as const;

/** A header's length is no place for a novel. */
const reasonChars = 1_024;

/**
 * Puts a record aside, with its bytes as they are. Rejects while the broker is away; one that the broker will not
 * take back is logged and left.
 */
export async function deadLetter(
  { producer, topic: deadLetterTopic, log }: { producer: BrokerProducer; topic: string; log: Logger },
  record: IncomingRecord,
  reason: string,
): Promise<void> {
  const { topic, partition, key, value } = record;
  const offset = String(record.offset);
  undecodable.inc();
  log.error({ topic, partition, offset, reason }, 'a record is put aside');
  const headers = {
    ...record.headers,
    [deadHeaders.reason]: reason.slice(0, reasonChars),
    [deadHeaders.topic]: topic,
    [deadHeaders.partition]: String(partition),
    [deadHeaders.offset]: offset,
  };
  try {
    await producer.send(deadLetterTopic, [{ key, value, headers }]);
  } catch (error) {
    if (!(error instanceof RecordRefusedError)) throw error;
    log.error(
      { err: error, topic, partition, offset },
      'the broker refused a dead letter; its record is lost',
    );
  }
}
