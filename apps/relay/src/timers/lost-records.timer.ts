import { limits, timing, topics } from '@baton/contracts';
import type { BrokerAdmin } from '@baton/messaging';
import {
  findQueuedRecords,
  findQueuedRecordsOf,
  findRecordPlaces,
  readInboxProgress,
  releaseLostRecords,
  type Database,
  type QueuedRecord,
} from '@baton/persistence';
import { wakeLost } from '@baton/tracing';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import { topicName } from '../outbox/topic-name.js';
import { hasPassed, readTopicState, type TopicState } from './read-place.js';
import type { Timer } from './timer.js';

/** Records younger than this are not asked after: their workers are about to speak. */
const agedMs = timing.sweepMs;
const sliceRows = 5_000;
/** Between two slices of one walk; between a suspicion and the look whether the inbox has come so far. */
const sliceMs = 200;
const suspectMs = 1_000;
const firstId = '00000000-0000-0000-0000-000000000000';

export interface LostRecordsOptions {
  database: Database;
  admin: BrokerAdmin;
  announcer: Announcer;
  log: Logger;
  outcomesTopic?: string;
  agedMs?: number;
}

/** A record that no worker will read, and how far the inbox must come to know of all that was said of it. */
interface Suspect {
  readonly record: QueuedRecord;
  readonly ends: ReadonlyMap<number, bigint>;
}

/**
 * Finds released jobs of which no execution is known although the workers have passed their records: lost with the
 * broker's disk, with a deleted topic, or committed by a worker that never ran them. Each walk goes through the live
 * jobs in slices. walking → (some are passed) waiting, until the inbox has applied all that was said before they were seen
 * to be → released again, where still nobody is heard of. A record that lies unread, be it for days, is not lost.
 */
export class LostRecordsTimer implements Timer {
  readonly name = 'lost-records';
  private after = firstId;
  private suspects: Suspect[] = [];
  private asked = new Set<string>();
  private walkDueAt = -Infinity;

  constructor(private readonly options: LostRecordsOptions) {}

  /** The next look goes to these jobs too: somebody waits for them in vain. */
  ask(jobIds: readonly string[]): void {
    for (const id of jobIds) this.asked.add(id);
  }

  async look() {
    const released = await this.releaseSuspects();
    const asked = await this.askedRecords();
    const walked = performance.now() >= this.walkDueAt ? await this.walk() : [];
    await this.suspect([...asked, ...walked]);
    const walkMs = Math.max(0, this.walkDueAt - performance.now());
    return { found: released > 0, nextMs: this.suspects.length > 0 ? Math.min(suspectMs, walkMs) : walkMs };
  }

  private async walk(): Promise<QueuedRecord[]> {
    const { database, agedMs: age = agedMs } = this.options;
    const slice = { after: this.after, slice: sliceRows, agedMs: age, limit: limits.batch };
    const { records, next } = await findQueuedRecords(database.pool, slice);
    this.after = next ?? firstId;
    this.walkDueAt = performance.now() + (next === undefined ? Math.max(sliceMs, age) : sliceMs);
    return records;
  }

  private async askedRecords(): Promise<QueuedRecord[]> {
    const asked = [...this.asked];
    if (asked.length === 0) return [];
    const records = await findQueuedRecordsOf(this.options.database.pool, asked);
    for (const id of asked) this.asked.delete(id);
    return records;
  }

  /** In this order: what the workers said of a record they said before they committed beyond it. */
  private async suspect(records: readonly QueuedRecord[]): Promise<void> {
    const known = new Set(this.suspects.map(({ record }) => keyOf(record)));
    const fresh = records.filter((record) => !known.has(keyOf(record)));
    if (fresh.length === 0) return;
    const passed = await this.passed(fresh);
    if (passed.length === 0) return;
    const { admin, outcomesTopic = topics.outcomes } = this.options;
    const ranges = await admin.topicEndOffsets(outcomesTopic);
    const ends = new Map(
      ranges.flatMap(({ partition, low, high }) => (high > low ? [[partition, high]] : [])),
    );
    this.suspects.push(...passed.map((record) => ({ record, ends })));
  }

  private async passed(records: readonly QueuedRecord[]): Promise<QueuedRecord[]> {
    const { database } = this.options;
    const places = await findRecordPlaces(
      database.pool,
      records.map((record) => ({ ...record, topic: topicName(record) })),
    );
    const states = new Map<string, TopicState | 'unknown'>();
    for (const record of records) {
      const topic = topicName(record);
      if (!states.has(topic)) states.set(topic, await this.stateOf(record.queue, topic));
    }
    return records.filter((record) => {
      const state = states.get(topicName(record));
      return state !== 'unknown' && hasPassed(state, places.get(record.outboxId));
    });
  }

  /** One topic that cannot be read hides nothing of the others. */
  private async stateOf(queue: string, topic: string): Promise<TopicState | 'unknown'> {
    try {
      return await readTopicState(this.options.admin, queue, topic);
    } catch (error) {
      this.options.log.debug({ err: error, topic }, 'how far a topic is read could not be asked; later');
      return 'unknown';
    }
  }

  /** @returns how many were */
  private async releaseSuspects(): Promise<number> {
    if (this.suspects.length === 0) return 0;
    const { database, announcer, log } = this.options;
    const reached = await readInboxProgress(database.pool);
    const heardOut = ({ ends }: Suspect): boolean =>
      [...ends].every(([partition, end]) => BigInt(reached.get(partition) ?? -1) >= end - 1n);
    const ready = this.suspects.filter(heardOut);
    if (ready.length === 0) return 0;
    const released = await releaseLostRecords(
      database.pool,
      ready.map(({ record }) => record),
    );
    this.suspects = this.suspects.filter((suspect) => !ready.includes(suspect));
    announcer.released(released);
    for (const { queue } of released) wakeLost.inc({ queue });
    if (released.length > 0)
      log.warn(
        { jobs: released.slice(0, 20).map(({ jobId }) => jobId), count: released.length },
        'records were lost before any worker ran them; their jobs are released again',
      );
    return released.length;
  }
}

const keyOf = ({ jobId, attempt }: QueuedRecord): string => `${jobId}/${attempt}`;
