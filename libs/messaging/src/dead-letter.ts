import { deadLetterHeaders } from '@baton/contracts';
import type { IncomingRecord, OutgoingRecord } from './broker-records.js';

/** A header's length is no place for a novel. */
const reasonChars = 1_024;

/** A record as it is put aside: its bytes and headers as they were, with the reason and the place where it lay. */
export function deadLetterOf(
  { topic, partition, offset, key, value, headers }: IncomingRecord,
  reason: string,
): OutgoingRecord {
  return {
    key,
    value,
    headers: {
      ...headers,
      [deadLetterHeaders.reason]: reason.slice(0, reasonChars),
      [deadLetterHeaders.topic]: topic,
      [deadLetterHeaders.partition]: String(partition),
      [deadLetterHeaders.offset]: String(offset),
    },
  };
}
