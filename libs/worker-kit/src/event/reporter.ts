import { create, toBinary } from '@bufbuild/protobuf';
import { limits, topics, WorkerReportSchema } from '@baton/contracts';
import { RecordRefusedError, type BrokerProducer } from '@baton/messaging';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';
import { withoutResult, type Word } from './words.js';

/** Of one record, below the broker's limit with room for an estimate that is off. */
const recordBytes = 512 * 1024;
const retryMs = { first: 100, last: 2_000 };
/** Beyond this no new job is begun: the broker is away, and what runs will have more to say. */
const unsentBytes = 8 * 1024 * 1024;
const unsentWords = 5_000;

interface Unsent extends Word {
  onAcked?: (() => void) | undefined;
}

/**
 * Says everything that one worker has to say, in order, on one partition of `baton.outcomes`: words gathered while
 * a record is in flight go with the next. idle → sending → (the broker is away) → waiting → sending → idle. No word
 * is dropped; one that was sent twice is a duplicate to its reader.
 */
export class Reporter {
  private unsent: Unsent[] = [];
  private bytes = 0;
  private working = false;
  private closed = false;
  private readonly idleWaiters: (() => void)[] = [];
  private readonly outage: Outage;
  private wakeRetry: (() => void) | undefined;

  constructor(
    private readonly workerId: string,
    private readonly producer: BrokerProducer,
    private readonly options: { log: Log; /** Called when it is no longer full. */ onRoom: () => void },
  ) {
    this.outage = new Outage(options.log, 'reporting to the broker');
  }

  /** So much is unsent that no new job should be begun. */
  get full(): boolean {
    return this.bytes > unsentBytes || this.unsent.length > unsentWords;
  }

  /** Words that the broker has not acknowledged. */
  get size(): number {
    return this.unsent.length;
  }

  /** @param onAcked called when the broker has acknowledged it */
  say(word: Word, onAcked?: () => void): void {
    if (this.closed) return;
    this.unsent.push({ ...word, onAcked });
    this.bytes += word.bytes;
    if (this.working) return;
    this.working = true;
    // Words of the same turn of the event loop share the first record.
    setImmediate(() => void this.sendAll());
  }

  /** Resolves when the broker has acknowledged every word. */
  acked(): Promise<void> {
    return new Promise((resolve) => {
      if (this.unsent.length === 0) resolve();
      else this.idleWaiters.push(resolve);
    });
  }

  /** Says nothing more; what is unsent is lost. */
  close(): void {
    this.closed = true;
    this.wakeRetry?.();
  }

  private async sendAll(): Promise<void> {
    let most: number = limits.batch;
    let failures = 0;
    while (this.unsent.length > 0 && !this.closed) {
      const count = this.fitting(most);
      try {
        await this.send(this.unsent.slice(0, count));
        this.outage.worked();
        most = limits.batch;
        failures = 0;
        this.ack(count);
      } catch (error) {
        const refused = error instanceof RecordRefusedError;
        if (refused && count > 1) most = count >> 1;
        else {
          if (refused) this.belittle(error);
          await this.waitOut(error, ++failures);
        }
      }
    }
    this.working = false;
    for (const wake of this.idleWaiters.splice(0)) wake();
  }

  /** How many of the next words one record takes. */
  private fitting(most: number): number {
    let bytes = 0;
    let count = 0;
    for (const word of this.unsent) {
      bytes += word.bytes;
      if (count > 0 && (count >= most || bytes > recordBytes)) break;
      count++;
    }
    return count;
  }

  private async send(words: readonly Unsent[]): Promise<void> {
    const report = create(WorkerReportSchema, {
      workerId: this.workerId,
      events: words.map(({ event }) => event),
    });
    const { buffer, byteOffset, byteLength } = toBinary(WorkerReportSchema, report);
    await this.producer.send(topics.outcomes, [
      { key: this.workerId, value: Buffer.from(buffer, byteOffset, byteLength) },
    ]);
  }

  private ack(count: number): void {
    const wasFull = this.full;
    for (const { bytes, onAcked } of this.unsent.splice(0, count)) {
      this.bytes -= bytes;
      onAcked?.();
    }
    if (wasFull && !this.full) this.options.onRoom();
  }

  /** The broker will never take this word: its outcome becomes a failure that says so. */
  private belittle(error: RecordRefusedError): void {
    const [word] = this.unsent;
    if (!word) return;
    this.options.log.error({ err: error }, 'the broker refused an outcome for good; its job fails');
    this.unsent[0] = { ...word, ...withoutResult(word, error.message) };
  }

  private async waitOut(error: unknown, failures: number): Promise<void> {
    this.outage.failed(error);
    const ms = Math.min(retryMs.last, retryMs.first * 2 ** (failures - 1));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeRetry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
