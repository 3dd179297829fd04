import type { Delivery } from './delivery.js';

/** A job that is entered with care, in whatever form its source has it. */
export interface CarefulJob {
  readonly delivery: Delivery;
}

export interface CarefulRunsOptions<Job extends CarefulJob> {
  /** How many handlers run in this process. */
  running: () => number;
  /**
   * Makes known, before the handler is entered, that this execution is about to be, and whether nothing else runs. It
   * never rejects.
   * @returns false when it must not be entered: the job is another's by now
   */
  announce: (job: Job, alone: boolean) => Promise<boolean>;
  enter: (job: Job) => void;
  /** Others may begin again. */
  onFree: () => void;
  /** How long one waits to run alone; default 60,000 ms. */
  patienceMs?: number;
}

/** A job of an hour may run here, and must not keep this worker from all others for as long. */
const patienceMs = 60_000;

interface Run<Job extends CarefulJob> {
  readonly job: Job;
  readonly alone: boolean;
  entered: boolean;
  /** It is another's by now. */
  dropped: boolean;
}

/**
 * Enters jobs that may end this process, one at a time, each made known before. Some run alone: when their process
 * dies, it was they. Others are only begun singly, and have shown their harmlessness when they have run a moment; so has
 * what still runs when one that is to run alone has waited for it for a minute.
 *
 * free → waiting (one that runs alone, for what runs to end, or its patience) → announcing → entered → (alone: it has ended; singly: it has
 * ended, or `survived`) → the next, or free. Always: while it is not free its worker begins nothing else.
 */
export class CarefulRuns<Job extends CarefulJob> {
  private readonly waiting: { job: Job; alone: boolean }[] = [];
  private current: Run<Job> | undefined;
  private closed = false;
  /** What runs by then runs beside those that are to run alone. */
  private patience: NodeJS.Timeout | undefined;
  private impatient = false;

  constructor(private readonly options: CarefulRunsOptions<Job>) {}

  get busy(): boolean {
    return this.current !== undefined || this.waiting.length > 0;
  }

  /** Of those that are not entered yet. */
  executionIds(): string[] {
    const jobs = this.waiting.map(({ job }) => job);
    if (this.current) jobs.push(this.current.job);
    return jobs.map(({ delivery }) => delivery.executionId);
  }

  add(job: Job, { alone }: { alone: boolean }): void {
    this.waiting.push({ job, alone });
    this.advance();
  }

  /** An execution has ended, whichever. */
  ended(executionId: string): void {
    if (!this.busy) return;
    if (this.current?.job.delivery.executionId === executionId) this.current = undefined;
    this.goOn();
  }

  /** An execution has run for a moment. */
  survived(executionId: string): void {
    if (this.current?.alone !== false || this.current.job.delivery.executionId !== executionId) return;
    this.current = undefined;
    this.goOn();
  }

  /** Forgets those that are others' by now and not even announced. */
  drop(gone: (job: Job) => boolean): void {
    if (!this.busy) return;
    const kept = this.waiting.filter(({ job }) => !gone(job));
    this.waiting.splice(0, this.waiting.length, ...kept);
    this.goOn();
  }

  /** Does not enter this one, which is another's. @returns false when it is not about to be entered */
  refuse(executionId: string): boolean {
    const { current } = this;
    if (!current || current.entered || current.job.delivery.executionId !== executionId) return false;
    current.dropped = true;
    return true;
  }

  /** Enters nothing more. @returns those that are not entered: they are to be handed back where they were announced */
  close(): { job: Job; announced: boolean }[] {
    this.closed = true;
    clearTimeout(this.patience);
    const left = this.waiting.splice(0).map(({ job }) => ({ job, announced: false }));
    const { current } = this;
    return current && !current.entered && !current.dropped
      ? [{ job: current.job, announced: true }, ...left]
      : left;
  }

  private goOn(): void {
    this.advance();
    if (this.busy || this.closed) return;
    clearTimeout(this.patience);
    this.patience = undefined;
    this.impatient = false;
    this.options.onFree();
  }

  private advance(): void {
    const [next] = this.waiting;
    if (this.current || !next || this.closed) return;
    if (next.alone && this.options.running() > 0 && !this.impatient) {
      this.patience ??= setTimeout(() => {
        this.impatient = true;
        this.advance();
      }, this.options.patienceMs ?? patienceMs);
      return;
    }
    this.waiting.shift();
    this.current = { ...next, entered: false, dropped: false };
    void this.begin(this.current);
  }

  private async begin(run: Run<Job>): Promise<void> {
    const mayEnter = await this.options.announce(run.job, run.alone);
    if (this.closed) return;
    if (!mayEnter || run.dropped) {
      this.current = undefined;
      this.goOn();
      return;
    }
    run.entered = true;
    this.options.enter(run.job);
  }
}
