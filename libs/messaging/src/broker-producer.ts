import type { OutgoingBatch, OutgoingRecord, Place } from './broker-records.js';

export interface ProducerOptions {
  /** Names the producer in logs and in the broker's quotas. */
  name?: string;
  /** A send has ended, well or badly, this long after it was called. Default 15,000 ms. */
  sendTimeoutMs?: number;
  /** Bytes of one request at most; longer sends go as several, in order. Stay below the topics' `max.message.bytes`. Default 900,000. */
  maxRequestBytes?: number;
  compression?: 'none' | 'gzip';
}

/**
 * Sends records, acknowledged by all in-sync replicas, in the order of the calls: sends that wait for
 * the one in flight go together in the next request.
 */
export interface BrokerProducer {
  /**
   * Resolves, once all are acknowledged, to the place of each record, in the order given.
   * Rejects with `BrokerUnavailableError` (may pass; `fate` says whether a second send may double
   * records) or `RecordRefusedError` (never passes; the culprit is among the records of `topic`).
   */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<Place[]>;
  send(batches: readonly OutgoingBatch[]): Promise<Place[][]>;
  /** Waits for the sends under way (at most their time-out), then disconnects. Later sends reject. */
  close(): Promise<void>;
}
