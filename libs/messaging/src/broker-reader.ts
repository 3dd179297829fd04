import type { IncomingBatch } from './broker-records.js';

export interface ReaderOptions {
  topics: readonly string[];
  /** Begins the name of the reader's own group. Default `baton.reader`. */
  groupPrefix?: string;
  maxWaitMs?: number;
  onRecords(batch: IncomingBatch): void;
  onCrash?(error: Error, crashes: number): void;
}

/**
 * Reads whole topics, every partition, from their beginning, and then follows them: each process
 * reads all. Records come in order and once, also over reconnects, unless the topic is made anew.
 */
export interface BrokerReader {
  start(): Promise<void>;
  /** Resolves when all that the topics held at `start` has been handed over; rejects when stopped before. */
  readonly caughtUp: Promise<void>;
  stop(): Promise<void>;
}
