import type { IncomingRecord } from '@baton/messaging';
import type { Settlement } from '@baton/persistence';

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
 * What was said and is not settled, in the order in which it was read.
 *
 * A round takes at most one word of each job, the first: later ones on the same job wait for a later round, so
 * their order holds, and a busy one, which stays where it is, holds up nobody else. An outcome takes the place of
 * its own `started` where that is still here, since it says all that the other said.
 */
export class PendingWords {
  private readonly words = new Set<Word>();
  private readonly startedOf = new Map<string, Word>();
  private taken = new Set<Word>();

  get size(): number {
    return this.words.size;
  }

  /** A record that says nothing of executions is done at once. */
  add(raw: IncomingRecord, settlements: readonly Settlement[], onDone: () => void): void {
    const record: OpenRecord = { raw, words: settlements.length, onDone };
    if (settlements.length === 0) onDone();
    for (const settlement of settlements) {
      const { executionId, kind } = settlement;
      const started = kind === 'started' ? undefined : this.startedOf.get(executionId);
      if (started && !this.taken.has(started)) {
        started.settlement = settlement;
        started.records.push(record);
        this.startedOf.delete(executionId);
        continue;
      }
      const word: Word = { settlement, records: [record] };
      this.words.add(word);
      if (kind === 'started') this.startedOf.set(executionId, word);
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
      const { kind, executionId } = word.settlement;
      if (kind === 'started' && this.startedOf.get(executionId) === word) this.startedOf.delete(executionId);
      for (const record of word.records) {
        record.words -= 1;
        if (record.words === 0) record.onDone();
      }
    }
  }
}
