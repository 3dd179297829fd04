import { setTimeout } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { BrokerUnavailableError, RecordRefusedError } from '../broker.error.js';
import type { BrokerProducer, ProducerOptions } from '../broker-producer.js';
import type { OutgoingBatch, OutgoingRecord, Place } from '../broker-records.js';
import { partitionOfKey } from '../murmur2.js';
import { classify } from './classify-error.js';
import { metadataMaxAgeMs } from './kafka-client.js';
import type { KafkaOptions } from './kafka-options.js';
import type { PartitionCounts } from './partition-counts.js';
import { PendingSend, type SendItem } from './pending-send.js';
import { produce, type ProduceSettings } from './produce.js';
import { ReconnectingClient, type Connected } from './reconnecting-client.js';

const reconnectDelayMs = 200;

/**
 * Sends in the order of the calls, one request at a time: what is called while a request is under
 * way goes, together, into the next.
 *
 * open → closing → closed. After **any** failed request the kafkajs producer is retired: it would
 * give the failed request's sequence numbers to other records, which a broker that did write the
 * first would take for repetitions, acknowledge and drop.
 */
export class KafkaProducer implements BrokerProducer {
  private readonly queue: PendingSend[] = [];
  private readonly connection: ReconnectingClient<Producer>;
  private readonly sendTimeoutMs: number;
  private readonly maxRequestBytes: number;
  private readonly settings: ProduceSettings;
  private pumping: Promise<void> | undefined;
  private closing = false;
  private keyless = 0;

  constructor(
    private readonly kafka: KafkaOptions,
    private readonly counts: PartitionCounts,
    options: ProducerOptions,
    private readonly onClosed: () => void,
  ) {
    this.sendTimeoutMs = options.sendTimeoutMs ?? 15_000;
    this.maxRequestBytes = options.maxRequestBytes ?? 900_000;
    this.settings = { gzip: options.compression === 'gzip', timeoutMs: this.sendTimeoutMs };
    this.connection = new ReconnectingClient(kafka, {
      name: options.name ?? `${kafka.clientId}.producer`,
      connectTimeoutMs: this.sendTimeoutMs,
      make: (client) =>
        client.producer({
          idempotent: true,
          maxInFlightRequests: 1,
          allowAutoTopicCreation: false,
          metadataMaxAge: metadataMaxAgeMs,
          createPartitioner:
            () =>
            ({ message }) =>
              message.partition ?? 0,
          // Ends by itself some time after the send has: `produce` cuts it off before.
          retry: {
            initialRetryTime: 100,
            maxRetryTime: 1_000,
            factor: 0.2,
            multiplier: 2,
            retries: 4 + Math.ceil(this.sendTimeoutMs / 1_000),
          },
        }),
    });
  }

  send(topic: string, records: readonly OutgoingRecord[]): Promise<Place[]>;
  send(batches: readonly OutgoingBatch[]): Promise<Place[][]>;
  async send(
    first: string | readonly OutgoingBatch[],
    records: readonly OutgoingRecord[] = [],
  ): Promise<Place[] | Place[][]> {
    if (typeof first === 'string') return this.enqueue([{ topic: first, records }]);
    const places = await this.enqueue(first);
    let from = 0;
    return first.map((batch) => places.slice(from, (from += batch.records.length)));
  }

  async close(): Promise<void> {
    this.closing = true;
    while (this.pumping) await this.pumping;
    await this.connection.close(2_000);
    this.onClosed();
  }

  private async enqueue(batches: readonly OutgoingBatch[]): Promise<Place[]> {
    if (this.closing) throw new BrokerUnavailableError('The producer is closed.');
    if (batches.every(({ records }) => records.length === 0)) return [];
    const send = new PendingSend(batches, this.sendTimeoutMs);
    this.queue.push(send);
    this.pumping ??= this.pump();
    return send.promise;
  }

  /** Runs while sends wait. Never rejects: each failure goes to its sends. */
  private async pump(): Promise<void> {
    // Let the calls of this turn of the event loop come together.
    await Promise.resolve();
    for (let group = await this.nextGroup(); group.length > 0; group = await this.nextGroup())
      await this.transmit(group);
    this.pumping = undefined;
    if (this.queue.length > 0) this.pumping = this.pump();
  }

  /** The sends for one request, in order: as many as fit, or one that is larger by itself. */
  private async nextGroup(): Promise<PendingSend[]> {
    const group: PendingSend[] = [];
    let bytes = 0;
    for (let send = this.queue[0]; send; send = this.queue[0]) {
      if (group.length > 0 && bytes + send.bytes > this.maxRequestBytes) break;
      this.queue.shift();
      if (send.settled || !(await this.assignPartitions(send))) continue;
      group.push(send);
      bytes += send.bytes;
    }
    return group;
  }

  /** `false` when the send failed by itself: a topic is missing, or it has no such partition. */
  private async assignPartitions(send: PendingSend): Promise<boolean> {
    try {
      const counts = new Map<string, number>();
      for (const topic of send.topics()) counts.set(topic, await this.counts.of(topic));
      for (const item of send.items) item.partition = this.partitionOf(item, counts.get(item.topic) ?? 0);
      return true;
    } catch (error) {
      send.fail(classify(error, describe(send), { fate: 'not_sent' }));
      return false;
    }
  }

  private partitionOf({ topic, record }: SendItem, count: number): number {
    const { partition, key } = record;
    if (partition === undefined) return key === null ? this.keyless++ % count : partitionOfKey(key, count);
    if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition;
    // kafkajs would drop the record without a word.
    throw new RecordRefusedError(
      `There is no partition ${partition} in ${topic}; it has ${count}, 0 to ${count - 1}.`,
      { topic },
    );
  }

  private async transmit(sends: readonly PendingSend[]): Promise<void> {
    const connected = await this.connect(sends);
    const live = sends.filter(({ settled }) => !settled);
    if (!connected || live.length === 0) return;
    try {
      for (const chunk of chunks(live, this.maxRequestBytes)) {
        if (live.every(({ settled }) => settled)) return;
        for (const send of live) send.markSent();
        await produce(connected.client, chunk, this.settings);
      }
      for (const send of live) send.complete();
    } catch (error) {
      await this.connection.retire(connected, 'A produce request failed.');
      this.counts.doubt(live.flatMap((send) => [...send.topics()]));
      await this.failed(live, error);
    }
  }

  private async failed(sends: readonly PendingSend[], error: unknown): Promise<void> {
    if (error instanceof RecordRefusedError && sends.length > 1) {
      // One send's record must not fail the others: each goes by itself.
      for (const send of sends) await this.transmit([send]);
      return;
    }
    for (const send of sends) send.fail(classify(error, describe(send), { fate: 'unknown' }));
  }

  /** Tries until there is a connection, or nobody waits for one. */
  private async connect(sends: readonly PendingSend[]): Promise<Connected<Producer> | undefined> {
    while (sends.some(({ settled }) => !settled)) {
      try {
        return await this.connection.get();
      } catch (error) {
        this.kafka.log?.('debug', 'The producer has no connection yet', { error });
        for (const send of sends) send.note(error);
        await setTimeout(reconnectDelayMs);
      }
    }
    return undefined;
  }
}

const describe = (send: PendingSend): string => `The send to ${[...send.topics()].join(', ')}`;

/** The items in order, in runs of at most `maxBytes`; an item larger than that is alone. */
function* chunks(sends: readonly PendingSend[], maxBytes: number): Generator<SendItem[]> {
  let chunk: SendItem[] = [];
  let bytes = 0;
  for (const item of sends.flatMap(({ items }) => items)) {
    if (chunk.length > 0 && bytes + item.bytes > maxBytes) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += item.bytes;
  }
  if (chunk.length > 0) yield chunk;
}
