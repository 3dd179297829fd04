import type { TakenOffset } from '@baton/messaging';
import type { Delivery } from '../execution/delivery.js';

/** One release of a job, from its record's reading until its last word is acknowledged. */
export interface JobEntry {
  readonly key: string;
  readonly delivery: Delivery;
  /** Of its record. */
  readonly bytes: number;
  /** Its `started` or its outcome is acknowledged: now, and not before, its records may be committed. */
  told: boolean;
  /** The readings of records that stand for it: a record may be read, or even published, twice. */
  offsets: TakenOffset[];
}
