import { CarefulRuns } from '../execution/careful-runs.js';
import type { Heartbeats } from './heartbeats.js';
import type { JobEntries } from './job-entries.js';
import type { JobEntry } from './job-entry.js';
import { Ownership } from './ownership.js';
import type { Reporter } from './reporter.js';
import { ended, started } from './words.js';

/** So many are asked about at once, or each would wait for an answer of its own. */
const askedAtOnce = 16;

export interface CarefulEntriesOptions {
  entries: JobEntries;
  reporter: Pick<Reporter, 'say'>;
  heartbeats: Pick<Heartbeats, 'add' | 'delete'>;
  /** How many handlers run in this process. */
  running: () => number;
  enter: (entry: JobEntry) => void;
  /** Others may begin again, or one more be asked about. */
  onFree: () => void;
}

/**
 * Jobs that may end this process, and those that another worker may have had. Each is announced, and entered only when the
 * inbox has answered that this execution owns the attempt: the record may have been read again in an attempt that is over,
 * and a job that ends its process at once would end this one in vain.
 *
 * announced → granted → entered, one at a time; or refused → forgotten. One that runs alone is announced only when nothing
 * else runs.
 */
export class CarefulEntries {
  private readonly runs: CarefulRuns<JobEntry>;
  private readonly ownership = new Ownership();
  /** Announced and not entered, by execution. */
  private readonly announced = new Map<string, JobEntry>();
  private alone = false;

  constructor(private readonly options: CarefulEntriesOptions) {
    const { running, enter, onFree } = options;
    this.runs = new CarefulRuns({
      running,
      announce: (entry, alone) => (alone ? this.announce(entry, { alone }) : Promise.resolve(true)),
      enter: (entry) => {
        this.announced.delete(entry.delivery.executionId);
        enter(entry);
        onFree();
      },
      onFree: () => {
        this.alone = false;
        onFree();
      },
    });
  }

  /** Nothing else is to begin. */
  get busy(): boolean {
    return this.runs.busy || this.announced.size > 0;
  }

  /** Slots that are kept for those which are announced. */
  get reserved(): number {
    return this.announced.size;
  }

  /** Whether one more that another worker may have had can be asked about, though this is busy. */
  takes({ delivery: { careful } }: JobEntry): boolean {
    return !careful && !this.alone && this.announced.size < askedAtOnce;
  }

  add(entry: JobEntry): void {
    this.alone = entry.delivery.careful;
    if (this.alone) this.runs.add(entry, { alone: true });
    else
      void this.announce(entry, { alone: false }).then((owns) => {
        // It may have been refused since it was granted.
        if (owns && this.announced.has(entry.delivery.executionId)) this.runs.add(entry, { alone: false });
        else this.options.onFree();
      });
  }

  granted(executionId: string): void {
    this.ownership.answer(executionId, true);
  }

  /** @returns false when it is not about to be entered */
  refused(executionId: string): boolean {
    if (!this.announced.delete(executionId)) return false;
    this.runs.refuse(executionId);
    this.runs.drop(({ delivery }) => delivery.executionId === executionId);
    this.options.heartbeats.delete(executionId);
    this.options.entries.ended(executionId);
    this.ownership.answer(executionId, false);
    return true;
  }

  survived(executionId: string): void {
    this.runs.survived(executionId);
  }

  ended(executionId: string): void {
    this.runs.ended(executionId);
  }

  drop(gone: (entry: JobEntry) => boolean): void {
    this.runs.drop(gone);
  }

  /** Enters nothing more, and hands back what was announced. */
  close(): void {
    this.ownership.close();
    this.runs.close();
    for (const entry of this.announced.values()) this.handBack(entry);
    this.announced.clear();
  }

  private announce(entry: JobEntry, { alone }: { alone: boolean }): Promise<boolean> {
    const { entries, reporter, heartbeats } = this.options;
    const { delivery } = entry;
    const { executionId } = delivery;
    this.announced.set(executionId, entry);
    entries.begin(entry);
    heartbeats.add(executionId);
    return this.ownership.ask(executionId, (onAcked) =>
      reporter.say(started({ delivery, startedAtMs: Date.now() }, { alone, asks: true }), () => {
        entries.told(executionId);
        onAcked();
      }),
    );
  }

  private handBack({ delivery }: JobEntry): void {
    const { entries, reporter, heartbeats } = this.options;
    heartbeats.delete(delivery.executionId);
    reporter.say(ended(delivery, Date.now(), { kind: 'released' }), () =>
      entries.ended(delivery.executionId),
    );
  }
}
