import { BrokerUnavailableError } from '@baton/messaging';
import type { FetchedTopic, OutboxRow, OutboxTopic } from '@baton/persistence';
import type { Logger } from 'pino';
import { heldTopics } from '../metrics/relay-metrics.js';
import { LowWaterMarks } from './low-water-marks.js';
import type { OutboxFetcher } from './outbox-fetcher.js';
import { TopicBackoff } from './topic-backoff.js';
import type { PublishResult, TopicPublisher } from './topic-publisher.js';

/** While it is busy a topic is looked at from 0, below its marks, this often. */
const lookEveryMs = 1_000;
/** How long a topic whose window is full is left alone: at first, and doubled up to this while it stays full. */
const fullPauseMs = { first: 25, last: 1_000 };

export interface TopicPumpParts {
  fetcher: OutboxFetcher;
  publisher: TopicPublisher;
  /** Those that this replica leads and is not giving back. */
  shards: () => readonly number[];
  log: Logger;
  random?: () => number;
}

/**
 * Publishes one topic while it has rows.
 *
 * idle → draining (a wake-up) → idle (a look found nothing more); draining → pausing (the broker or PostgreSQL is
 * away: 100 ms to 5 s; the window is full: 25 ms to 1 s) → draining. Always: one send in flight; beside it the batch before
 * it is deleted and the next one fetched.
 *
 * Looks begin at the low-water marks. A wake-up that such a look does not answer is followed by a look from 0 at
 * once, and any other within a second: so what committed late, below a mark, is found.
 */
export class TopicPump {
  private readonly marks: LowWaterMarks;
  private readonly backoff: TopicBackoff;
  private draining: Promise<void> | undefined;
  /** The deletion of the batch before the one that is being sent. */
  private erasing: Promise<void> = Promise.resolve();
  private readonly underWay = new Set<Promise<unknown>>();
  /** The highest id, a shard, that was fetched since all was deleted: the next batch begins above. */
  private readonly fetchedTo = new Map<number, number>();
  private woken = false;
  private lookOwed = true;
  private lookedAt = -Infinity;
  private laterLook: NodeJS.Timeout | undefined;
  private fullMs = fullPauseMs.first;
  private endPause: (() => void) | undefined;
  private closed = false;
  /** The last send failed: before the next, rows may be turned back. */
  private away = false;

  constructor(
    private readonly topic: OutboxTopic,
    private readonly parts: TopicPumpParts,
  ) {
    this.marks = new LowWaterMarks(topic);
    this.backoff = new TopicBackoff(parts.random);
  }

  /** There may be rows. */
  wake(): void {
    this.woken = true;
    this.lookOwed = true;
    if (this.draining || this.closed) return;
    clearTimeout(this.laterLook);
    this.draining = this.drain().finally(() => {
      this.draining = undefined;
      if (this.woken) this.wake();
      else if (this.lookOwed && !this.closed)
        this.laterLook = setTimeout(() => this.wake(), this.untilLook());
    });
  }

  /** Another may have led these meanwhile. */
  forget(shards: readonly number[]): void {
    this.marks.forget(shards);
  }

  /** Resolves when what is under way is sent and deleted. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.underWay); // the drain reports what fails
  }

  async close(): Promise<void> {
    this.closed = true;
    this.woken = false;
    clearTimeout(this.laterLook);
    this.endPause?.();
    await this.draining;
  }

  /** Never rejects. */
  private async drain(): Promise<void> {
    let next: Promise<FetchedTopic> | undefined;
    let fruitless = false;
    while (!this.closed) {
      const fromZero: boolean = !next && this.lookOwed && (fruitless || this.untilLook() === 0);
      if (fromZero) this.noteLook();
      if (!next) this.woken = false;
      try {
        if (!next) await this.allErased();
        if (this.away) await this.parts.publisher.takeBack(this.parts.shards());
        const fetched: FetchedTopic = await (next ?? this.fetch(fromZero));
        next = undefined;
        fruitless = fetched.rows.length === 0;
        if (fruitless) {
          if ((this.lookOwed && !fromZero) || this.woken) continue;
          return;
        }
        this.lookOwed = true;
        if (fetched.more && this.untilLook() > 0) next = this.ahead(fetched.rows);
        const result = await this.publish(fetched.rows);
        if (result === 'published') {
          this.backoff.succeeded();
          this.away = false;
          if (next || this.woken || fetched.more) continue;
          await this.allErased();
          return;
        }
        next = undefined;
        this.away = result === 'failed';
        if (this.away) await this.pause(this.backoff.nextMs());
        else await this.pauseFull(result === 'partly');
      } catch (error) {
        next = undefined;
        await this.erasing.catch(() => undefined); // of the batch after the one that failed
        this.erasing = Promise.resolve();
        this.away = error instanceof BrokerUnavailableError;
        this.lookOwed = true; // the look from 0 may be what failed
        this.parts.log.warn(
          { err: error, topic: this.parts.publisher.topic },
          'publishing failed; it is tried again',
        );
        await this.pause(this.backoff.nextMs());
      }
    }
    await this.quiet();
  }

  /** Sends a batch while the one before it is being deleted. */
  private async publish(rows: readonly OutboxRow[]): Promise<PublishResult> {
    const { sent, erased } = this.parts.publisher.publish(rows, (deleted) => this.marks.deleted(deleted));
    this.underWay.add(erased);
    void erased.catch(() => undefined).then(() => this.underWay.delete(erased));
    const result = await sent;
    const before = this.erasing;
    this.erasing = erased;
    await before;
    return result;
  }

  /** What is fetched afresh must not be what is still to be deleted. */
  private async allErased(): Promise<void> {
    await this.erasing;
    this.fetchedTo.clear();
  }

  private fetch(fromZero: boolean): Promise<FetchedTopic> {
    const positions = this.marks.positions(this.parts.shards());
    return this.parts.fetcher.fetch(
      this.topic,
      fromZero ? positions.map((at) => ({ ...at, low: 0 })) : positions,
    );
  }

  /** The batch after this one, while this one is being sent. */
  private ahead(rows: readonly OutboxRow[]): Promise<FetchedTopic> {
    for (const { shard, id } of rows) this.fetchedTo.set(shard, id);
    const positions = this.marks
      .positions(this.parts.shards())
      .map((at) => ({ ...at, low: Math.max(at.low, this.fetchedTo.get(at.shard) ?? 0) }));
    const fetching = this.parts.fetcher.fetch(this.topic, positions);
    fetching.catch(() => undefined); // awaited by the next turn of the loop, or dropped with what it brought
    return fetching;
  }

  private untilLook(): number {
    return Math.max(0, this.lookedAt + lookEveryMs - performance.now());
  }

  private noteLook(): void {
    this.lookOwed = false;
    this.lookedAt = performance.now();
  }

  /** @param moving some of the batch could be sent: the workers read on, and there will be room again soon */
  private async pauseFull(moving: boolean): Promise<void> {
    this.fullMs = moving ? fullPauseMs.first : Math.min(fullPauseMs.last, this.fullMs * 2);
    heldTopics.inc();
    await this.pause(this.fullMs);
    heldTopics.dec();
  }

  private pause(ms: number): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.endPause?.(), ms);
      this.endPause = () => {
        clearTimeout(timer);
        this.endPause = undefined;
        resolve();
      };
    });
  }
}
