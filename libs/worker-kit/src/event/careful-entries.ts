import { CarefulRuns } from '../execution/careful-runs.js';
import type { Heartbeats } from './heartbeats.js';
import type { JobEntries } from './job-entries.js';
import type { JobEntry } from './job-entry.js';
import { Ownership } from './ownership.js';
import type { Reporter } from './reporter.js';
import { ended, started } from './words.js';

export interface CarefulEntriesOptions {
  entries: JobEntries;
  reporter: Reporter;
  heartbeats: Heartbeats;
  /** How many handlers run in this process. */
  running: () => number;
  enter: (entry: JobEntry) => void;
  /** Others may begin again. */
  onFree: () => void;
}

/**
 * Jobs that may end this process, and those that another worker may have had. Each is announced, and entered only when the
 * inbox has answered that this execution owns the attempt: the record may have been read again in an attempt that is over,
 * and a job that ends its process at once would end this one in vain.
 */
export class CarefulEntries {
  private readonly runs: CarefulRuns<JobEntry>;
  private readonly ownership = new Ownership();

  constructor(private readonly options: CarefulEntriesOptions) {
    const { running, enter, onFree } = options;
    this.runs = new CarefulRuns({
      running,
      enter,
      onFree,
      announce: (entry, alone) => this.announce(entry, alone),
    });
  }

  /** Nothing else is to begin. */
  get busy(): boolean {
    return this.runs.busy;
  }

  add(entry: JobEntry): void {
    this.runs.add(entry, { alone: entry.delivery.careful });
  }

  granted(executionId: string): void {
    this.ownership.answer(executionId, true);
  }

  /** @returns false when it is not about to be entered */
  refused(executionId: string): boolean {
    if (!this.runs.refuse(executionId)) return false;
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
    for (const { job, announced } of this.runs.close()) if (announced) this.handBack(job);
  }

  private announce(entry: JobEntry, alone: boolean): Promise<boolean> {
    const { entries, reporter, heartbeats } = this.options;
    const { delivery } = entry;
    const { executionId } = delivery;
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
