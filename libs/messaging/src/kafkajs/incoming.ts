import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { IncomingRecord, TopicPartition } from '../broker-records.js';

function readHeaders(headers: IHeaders = {}): Record<string, string> {
  const read: Record<string, string> = {};
  for (const name in headers) {
    const given = headers[name];
    const last = Array.isArray(given) ? given.at(-1) : given;
    if (last !== undefined) read[name] = last.toString();
  }
  return read;
}

export function incoming({ topic, partition }: TopicPartition, message: KafkaMessage): IncomingRecord {
  const { offset, key, value, headers, timestamp } = message;
  return {
    topic,
    partition,
    offset: BigInt(offset),
    key,
    value,
    headers: readHeaders(headers),
    timestamp: Number(timestamp),
  };
}
