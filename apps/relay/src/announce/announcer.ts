import { channels } from '@baton/contracts';
import {
  wakeFor,
  wakeForCancel,
  type CancelReport,
  type Notifier,
  type Released,
  type SettleReport,
  type TerminalOutcome,
} from '@baton/persistence';
import type { OutcomeFeed } from '@baton/results';

/** Tells, after a commit, whom it concerns. All of it is hints: sweeps run beneath, and nothing here fails. */
export class Announcer {
  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly notifier: Pick<Notifier, 'wake'>,
    private readonly feed: OutcomeFeed,
  ) {}

  /** Resolves when the outcomes of the report before this one are told, so that a slow feed slows its caller. */
  async settled(
    report: Pick<SettleReport, 'settled' | 'released' | 'progressed' | 'openGates' | 'earliestRetryMs'> &
      Partial<Pick<SettleReport, 'cascaded' | 'followUps'>>,
  ): Promise<void> {
    this.released(report.released);
    this.gates(report.openGates);
    if (report.earliestRetryMs !== undefined) this.due(report.earliestRetryMs);
    for (const jobId of report.followUps ?? []) this.notifier.wake(channels.followUps, jobId);
    const outcomes = report.settled.flatMap(({ terminal }) => (terminal ? [terminal] : []));
    await this.ended([...outcomes, ...(report.cascaded ?? [])], report.progressed);
  }

  /** Resolves as {@link settled} does. */
  async cancelled(report: CancelReport): Promise<void> {
    wakeForCancel((channel, item) => this.notifier.wake(channel, item), report);
    await this.ended(report.cancelled);
  }

  /** Tells who waits for jobs that are terminal now, or have progressed; resolves when those told before are. */
  async ended(
    outcomes: readonly TerminalOutcome[],
    progressed: NonNullable<SettleReport['progressed']> = [],
  ): Promise<void> {
    if (outcomes.length + progressed.length === 0) return;
    const before = this.telling;
    this.telling = before.then(async () => {
      if (progressed.length > 0) await this.feed.wake(progressed);
      if (outcomes.length > 0) await this.feed.publish(outcomes);
    });
    await before;
  }

  /** Wakes those who wait for what was accepted here. */
  accepted(group: Parameters<typeof wakeFor>[0]): void {
    wakeFor(group, (channel, item) => this.notifier.wake(channel, item));
  }

  /** Wakes the queues of jobs that may run now. */
  released(released: readonly Released[]): void {
    for (const { queue, mode } of released)
      this.notifier.wake(mode === 'event' ? channels.outbox : channels.jobs, queue);
  }

  /** Wakes the timers that let jobs through limits. */
  gates(dueAtMs: readonly string[]): void {
    for (const atMs of dueAtMs) this.notifier.wake(channels.gates, atMs);
  }

  /** Wakes the timers. @param atMs milliseconds since the epoch */
  due(atMs: number): void {
    this.notifier.wake(channels.timers, String(atMs));
  }

  /** Tells of queues that are new: their topics are to be made. */
  queuesMade(names: readonly string[]): void {
    for (const name of names) this.notifier.wake(channels.queues, name);
  }

  async flush(): Promise<void> {
    await this.telling;
  }
}
