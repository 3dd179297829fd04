import { BatonError, type EventCursor, formatCursor } from '@baton/contracts';
import { eventsPage, type EventSource, type EventsPage } from '@baton/persistence';
import { wakes } from '@baton/tracing';
import type { OutcomeWakes } from '../outcome-feed.js';
import { type EventReader, pageEvents } from './event-reader.js';

export interface EventTailOptions {
  reader: EventReader;
  wakes: OutcomeWakes;
  /** A look at the watched jobs failed; it is repeated. */
  log: (message: string, error: Error) => void;
  /** How often the jobs that somebody watches are looked at; milliseconds. */
  sweepMs?: number;
}

/** A page with what the job's row says. */
export type WatchedPage = EventsPage & { row: EventSource };

/** Looks are at most this share of the time, however many jobs are watched. */
const restFactor = 4;
const headsAtOnce = 1_000;

/**
 * The live end of the logs that somebody watches here. Ends of jobs are woken for by the outcome feed, at once; all else
 * (started, retried, progress) is found by one look at the watched jobs' rows every 250 ms: a look-up by key for each,
 * and nothing at all for jobs that nobody watches, so that workers pay nothing for the events they make.
 *
 * idle (nobody watches) → sweeping (while anybody waits) → drained: everyone is let go, and nobody waits any more.
 */
export class EventTail {
  private readonly byJob = new Map<string, Set<Watch>>();
  private sweeping = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly sweepMs: number;
  drained = false;

  constructor(private readonly options: EventTailOptions) {
    this.sweepMs = options.sweepMs ?? 250;
  }

  async start(): Promise<void> {
    await this.options.wakes.start({
      onWake: (jobIds) => this.wakeFor(jobIds),
      onGap: () => this.wakeAll(),
    });
  }

  /**
   * Watches one job's log from a place on; to be closed.
   * @param options.tenantId whose job it must be; a foreign one is unknown
   * @param options.after undefined: from the beginning of the job's present generation
   */
  watch(jobId: string, options: { tenantId: string; after: EventCursor | undefined }): Watch {
    const watch: Watch = new Watch(jobId, {
      ...options,
      reader: this.options.reader,
      isDrained: () => this.drained,
      onClose: () => this.remove(watch),
    });
    const watches = this.byJob.get(jobId) ?? new Set();
    this.byJob.set(jobId, watches.add(watch));
    this.sweepSoon();
    return watch;
  }

  /** Lets everyone go at once; they come again elsewhere, with their cursors. */
  drain(): void {
    this.drained = true;
    clearTimeout(this.timer);
    this.wakeAll();
  }

  private wakeFor(jobIds: readonly string[]): void {
    for (const jobId of jobIds) {
      const watches = this.byJob.get(jobId);
      if (!watches) continue;
      wakes.labels('notify').inc();
      for (const watch of watches) watch.wake();
    }
  }

  private wakeAll(): void {
    for (const watches of this.byJob.values()) for (const watch of watches) watch.wake();
  }

  private sweepSoon(afterMs = this.sweepMs): void {
    if (this.sweeping || this.drained || this.byJob.size === 0) return;
    this.sweeping = true;
    this.timer = setTimeout(() => void this.sweep(), afterMs).unref();
  }

  private async sweep(): Promise<void> {
    const began = performance.now();
    try {
      const ids = [...this.byJob.keys()];
      for (let i = 0; i < ids.length; i += headsAtOnce) await this.lookAt(ids.slice(i, i + headsAtOnce));
    } catch (error) {
      this.options.log('the jobs that are watched could not be looked at; it is repeated', error as Error);
    }
    this.sweeping = false;
    this.sweepSoon(Math.max(this.sweepMs, restFactor * (performance.now() - began)));
  }

  private async lookAt(jobIds: readonly string[]): Promise<void> {
    const heads = await this.options.reader.heads(jobIds);
    for (const jobId of jobIds) {
      const head = heads.get(jobId);
      for (const watch of this.byJob.get(jobId) ?? []) {
        // A job that is not live has ended, or was never there: its watchers look for themselves.
        if (head && watch.after && formatCursor(head) === formatCursor(watch.after)) continue;
        wakes.labels('sweep').inc();
        watch.wake();
      }
    }
  }

  private remove(watch: Watch): void {
    const watches = this.byJob.get(watch.jobId);
    watches?.delete(watch);
    if (watches?.size === 0) this.byJob.delete(watch.jobId);
  }
}

interface WatchOptions {
  tenantId: string;
  after: EventCursor | undefined;
  reader: EventReader;
  isDrained: () => boolean;
  onClose: () => void;
}

/** One client's place in one job's log. It is pulled: a client that does not read costs nothing but its place. */
export class Watch {
  after: EventCursor | undefined;
  /** Something may be new since the last read. */
  private woken = true;
  private onWake: (() => void) | undefined;

  constructor(
    readonly jobId: string,
    private readonly options: WatchOptions,
  ) {
    this.after = options.after;
  }

  wake(): void {
    this.woken = true;
    this.onWake?.();
  }

  /**
   * The next events, once there are any. One caller at a time.
   * @param options.ms how long it waits for them; 0: not at all
   * @param options.signal aborts when the client has gone
   * @returns a page without events when the time is over, the client is gone, the service drains, or all is told
   * @throws BatonError `not_found` for an unknown job or a foreign one, `unavailable`
   */
  async next({ ms, signal }: { ms: number; signal: AbortSignal }): Promise<WatchedPage> {
    const until = performance.now() + ms;
    for (;;) {
      this.woken = false;
      const page = await this.read();
      const left = until - performance.now();
      if (page.events.length > 0 || page.terminal || left <= 0 || signal.aborted || this.options.isDrained())
        return page;
      if (!this.woken) await this.sleep(left, signal);
    }
  }

  /** Resolves when something may be new since the last read, or the time is over, or the signal aborts. */
  async news({ ms, signal }: { ms?: number; signal: AbortSignal }): Promise<void> {
    if (!this.woken && !signal.aborted) await this.sleep(ms, signal);
  }

  close(): void {
    this.options.onClose();
  }

  private async read(): Promise<WatchedPage> {
    const { jobId, after } = this;
    const log = await this.options.reader.read({ jobId, after });
    if (log?.row.tenantId !== this.options.tenantId)
      throw new BatonError('not_found', `there is no job ${jobId}`);
    const page = eventsPage(log, after, { most: pageEvents, nowMs: Date.now() });
    this.after = page.cursor;
    if (page.more) this.woken = true;
    return { ...page, row: log.row };
  }

  private sleep(ms: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.onWake = undefined;
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.onWake = done;
    });
  }
}
