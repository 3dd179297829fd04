import type { Message, Producer, RecordMetadata } from 'kafkajs';
import { BrokerUnavailableError } from '../broker.error.js';
import { partitionKey } from '../broker-records.js';
import { classify, isRefusal } from './classify-error.js';
import { CompressionTypes } from './library.js';
import type { SendItem } from './pending-send.js';
import { within } from './within.js';

export interface ProduceSettings {
  readonly gzip: boolean;
  readonly timeoutMs: number;
}

/**
 * One produce request (one a broker): sets the `place` of each item, or throws with what is known of
 * their fate. Records of one partition keep their order and get neighbouring offsets.
 */
export async function produce(
  producer: Producer,
  items: readonly SendItem[],
  settings: ProduceSettings,
): Promise<void> {
  const byTopic = new Map<string, Message[]>();
  for (const { topic, record, partition } of items) {
    const { key, value, headers } = record;
    const messages = byTopic.get(topic) ?? [];
    messages.push({ key, value, partition, ...(headers ? { headers: { ...headers } } : {}) });
    byTopic.set(topic, messages);
  }
  const topics = [...byTopic.keys()];
  const topic = topics.length === 1 ? topics[0] : undefined;
  const what = `The send to ${topics.join(', ')}`;

  let results: RecordMetadata[];
  try {
    results = await within(
      producer.sendBatch({
        acks: -1,
        timeout: settings.timeoutMs,
        compression: settings.gzip ? CompressionTypes.GZIP : CompressionTypes.None,
        topicMessages: [...byTopic].map(([name, messages]) => ({ topic: name, messages })),
      }),
      settings.timeoutMs,
      () => new Error(`no acknowledgement within ${settings.timeoutMs} ms`),
    );
  } catch (error) {
    // A refusal concerns one partition; kafkajs does not say which, nor what became of the others.
    const alone = new Set(items.map(partitionKey)).size === 1;
    throw classify(error, what, { topic, fate: alone && isRefusal(error) ? 'not_sent' : 'unknown' });
  }
  place(items, results);
  const lost = items.find((item) => !item.place);
  if (lost) {
    throw new BrokerUnavailableError(
      `${what} failed: the broker did not say where ${partitionKey(lost)} has it.`,
      { topic: lost.topic, fate: 'unknown' },
    );
  }
}

function place(items: readonly SendItem[], results: readonly RecordMetadata[]): void {
  const next = new Map<string, bigint>();
  for (const { topicName, partition, baseOffset = '-1' } of results)
    next.set(partitionKey({ topic: topicName, partition }), BigInt(baseOffset));
  for (const item of items) {
    const key = partitionKey(item);
    const offset = next.get(key) ?? -1n;
    if (offset < 0n) continue;
    item.place = { topic: item.topic, partition: item.partition, offset };
    next.set(key, offset + 1n);
  }
}
