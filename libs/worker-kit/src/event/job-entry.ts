import type { TakenOffset, TopicPartition } from '@baton/messaging';
import type { Delivery } from '../execution/delivery.js';

/**
 * One release of a job, from its record's reading until its word is acknowledged.
 * waiting → running → (its `started` or its outcome is acknowledged) told. Only what is told lets its records be
 * committed.
 */
export interface JobEntry {
  readonly key: string;
  readonly delivery: Delivery;
  /** Of its record. */
  readonly bytes: number;
  state: 'waiting' | 'running';
  told: boolean;
  /** The readings of records that stand for it: a record may be read, or even published, twice. */
  offsets: TakenOffset[];
}

export const isIn = (partitions: readonly TopicPartition[]) => (offset: TopicPartition): boolean =>
  partitions.some(({ topic, partition }) => topic === offset.topic && partition === offset.partition);
