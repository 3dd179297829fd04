import type { IncomingRecord } from '@baton/messaging';
import { mergeNotes, type Settlement } from '@baton/persistence';

/** A record of which some words are not applied yet. */
interface OpenRecord {
  readonly raw: IncomingRecord;
  words: number;
  /** Called once, when the last of its words is done. */
  readonly onDone: () => void;
}

/** What a worker said of one execution, until it is applied. */
export interface Word {
  settlement: Settlement;
  /** Those that wait for it. */
  readonly records: OpenRecord[];
}

/**
 * What may wait here before no more is to be read: a record has up to 500 words and half a megabyte. Half of it takes longer
 * to settle than a partition that is fetched from again takes to bring more.
 */
export const mostPending = { words: 30_000, bytes: 32 * 1024 * 1024 };

/**
 * What was said and is not settled, in the order in which it was read.
 *
 * A round takes at most one word of each job, the first: later ones on the same job wait for a later round, so
 * their order holds, and a busy one, which stays where it is, holds up nobody else. A word takes the place of the one
 * before it of its own execution where that is still here and is no outcome: it says all that the other said, and the
 * progress of both goes with it.
 */
export class PendingWords {
  private readonly words = new Set<Word>();
  /** The last word of each execution that may be followed by another: `started`, `progress`. */
  private readonly openOf = new Map<string, Word>();
  private taken = new Set<Word>();
  /** Of the records that are not done. */
  private bytes = 0;
  private wasFull = false;

  constructor(private readonly most: typeof mostPending = mostPending) {}

  /** So much waits that no more should be read, until half of it is done. */
  get full(): boolean {
    const share = this.wasFull ? 0.5 : 1;
    this.wasFull = this.size >= share * this.most.words || this.bytes >= share * this.most.bytes;
    return this.wasFull;
  }

  get size(): number {
    return this.words.size;
  }

  /** A record that says nothing of executions is done at once. */
  add(raw: IncomingRecord, settlements: readonly Settlement[], onDone: () => void): void {
    const record: OpenRecord = { raw, words: settlements.length, onDone };
    if (settlements.length === 0) onDone();
    else this.bytes += sizeOf(record);
    for (const settlement of settlements) {
      const { executionId, kind } = settlement;
      const before = kind === 'started' ? undefined : this.openOf.get(executionId);
      if (before && !this.taken.has(before)) {
        before.settlement = after(before.settlement, settlement);
        before.records.push(record);
        if (kind !== 'progress') this.openOf.delete(executionId);
        continue;
      }
      const word: Word = { settlement, records: [record] };
      this.words.add(word);
      if (kind === 'started' || kind === 'progress') this.openOf.set(executionId, word);
      else this.openOf.delete(executionId);
    }
  }

  /** The next round's words; they stay here until they are `done`. */
  take(limit: number): Word[] {
    const jobs = new Set<string>();
    const round: Word[] = [];
    for (const word of this.words) {
      if (round.length === limit) break;
      const { jobId } = word.settlement;
      if (jobs.has(jobId)) continue;
      jobs.add(jobId);
      round.push(word);
    }
    this.taken = new Set(round);
    return round;
  }

  /** These of the round are applied; what is left of it is said again in the next. */
  done(words: readonly Word[]): void {
    for (const word of words) {
      this.words.delete(word);
      const { executionId } = word.settlement;
      if (this.openOf.get(executionId) === word) this.openOf.delete(executionId);
      for (const record of word.records) {
        record.words -= 1;
        if (record.words > 0) continue;
        this.bytes -= sizeOf(record);
        record.onDone();
      }
    }
  }
}

const sizeOf = ({ raw: { value } }: OpenRecord): number => value?.length ?? 0;

function after(earlier: Settlement, later: Settlement): Settlement {
  const progress = later.progress ? mergeNotes(earlier.progress, later.progress) : earlier.progress;
  return progress ? { ...later, progress } : later;
}
