import { BatonError } from '@baton/contracts';
import type { Place } from './broker-records.js';

/**
 * `not_sent`: none was written; sending again cannot double any. `unknown`: some or all may have been written.
 */
export type Fate = 'not_sent' | 'unknown';

export interface BrokerErrorOptions {
  cause?: unknown;
  topic?: string | undefined;
  /** Of a send: of the records that `placed` does not name. `not_sent` for all else. */
  fate?: Fate | undefined;
  /** Of a send: the places of the records known to be written, by index into the records given; the others are `undefined`. */
  placed?: readonly (Place | undefined)[] | undefined;
}

/** What passes: the broker is away, slow, full, or lacks the topic. The same call may succeed later. */
export class BrokerUnavailableError extends BatonError {
  readonly topic: string | undefined;
  readonly fate: Fate;
  readonly placed: readonly (Place | undefined)[];

  constructor(message: string, options: BrokerErrorOptions = {}) {
    super('unavailable', message, { cause: options.cause, retryable: true });
    this.topic = options.topic;
    this.fate = options.fate ?? 'not_sent';
    this.placed = options.placed ?? [];
  }
}

/** What does not pass: the broker will never take this record (too large, invalid, corrupt). */
export class RecordRefusedError extends BatonError {
  readonly topic: string | undefined;
  readonly fate: Fate;
  readonly placed: readonly (Place | undefined)[];

  constructor(message: string, options: BrokerErrorOptions = {}) {
    super('refused_by_broker', message, { cause: options.cause, retryable: false });
    this.topic = options.topic;
    this.fate = options.fate ?? 'not_sent';
    this.placed = options.placed ?? [];
  }
}
