import { BrokerUnavailableError, RecordRefusedError } from '../broker.error.js';
import type { OutgoingBatch, OutgoingRecord, Place } from '../broker-records.js';

/** One record of a send on its way: `place` is set when the broker has acknowledged it. */
export interface SendItem {
  readonly topic: string;
  readonly record: OutgoingRecord;
  readonly bytes: number;
  partition: number;
  place?: Place;
}

/** What Kafka adds to a record, at most: lengths, deltas, and 10 bytes a header. */
const overhead = 40;

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = overhead + (value?.length ?? 0) + (key === null ? 0 : Buffer.byteLength(key));
  for (const name in headers) bytes += 10 + Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '');
  return bytes;
}

/**
 * One call of `send`.
 *
 * waiting → sent (a request with its records may have been written) → settled; or waiting → settled.
 * It settles once, at the latest when its time is over.
 */
export class PendingSend {
  readonly items: SendItem[];
  readonly bytes: number;
  readonly promise: Promise<Place[]>;
  settled = false;
  private sent = false;
  private lastTrouble: unknown;
  private readonly timer: NodeJS.Timeout;
  private resolve!: (places: Place[]) => void;
  private reject!: (error: Error) => void;

  constructor(
    batches: readonly OutgoingBatch[],
    private readonly timeoutMs: number,
  ) {
    this.items = batches.flatMap(({ topic, records }) =>
      records.map((record) => ({ topic, record, bytes: sizeOf(record), partition: record.partition ?? -1 })),
    );
    this.bytes = this.items.reduce((sum, { bytes }) => sum + bytes, 0);
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.timer = setTimeout(() => this.expire(), timeoutMs);
  }

  topics(): Set<string> {
    return new Set(this.items.map(({ topic }) => topic));
  }

  markSent(): void {
    this.sent = true;
  }

  /** Why it still waits: told when its time is over. */
  note(error: unknown): void {
    this.lastTrouble = error;
  }

  complete(): void {
    if (this.settle()) this.resolve(this.items.map(({ place }) => place as Place));
  }

  fail(error: BrokerUnavailableError | RecordRefusedError): void {
    const { message, cause, topic, fate } = error;
    const Class = error instanceof RecordRefusedError ? RecordRefusedError : BrokerUnavailableError;
    const placed = this.items.map(({ place }) => place);
    if (this.settle()) this.reject(new Class(message, { cause, topic, fate, placed }));
  }

  private expire(): void {
    const topics = [...this.topics()];
    const message = `The send to ${topics.join(', ')} was not acknowledged within ${this.timeoutMs} ms.`;
    const fate = this.sent ? 'unknown' : 'not_sent';
    this.fail(
      new BrokerUnavailableError(message, {
        cause: this.lastTrouble,
        topic: topics.length === 1 ? topics[0] : undefined,
        fate,
      }),
    );
  }

  /** `false` when it was settled before. */
  private settle(): boolean {
    clearTimeout(this.timer);
    const first = !this.settled;
    this.settled = true;
    return first;
  }
}
