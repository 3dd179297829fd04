import type { DispatchMode, HoldReason, JobState } from '@baton/contracts';

/** A job as the model knows it. Times are the model's own, in hours. */
export interface ModelJob {
  /** What the engine calls it; in order of acceptance. */
  id: string;
  lane: string | undefined;
  key: string | undefined;
  priority: number;
  maxAttempts: number;
  state: JobState;
  reason: HoldReason | null;
  attempt: number;
  failures: number;
  dueAt: number;
  /** Its turn in its lane, once it has one. */
  place: number | undefined;
  /** Gates passed: 1 its key's, 2 its queue's. */
  slots: number;
  /** Held before this gate. */
  gate: 1 | 2 | undefined;
  /** The execution that owns the attempt. */
  owner: string | undefined;
  /** A worker may have it, and was asked to stop. */
  cancelRequested: boolean;
}

export interface ModelLimits {
  total: number | undefined;
  perKey: number | undefined;
  paused: boolean;
}

/** What a worker may say at an attempt's end. */
export type Ending = 'succeeded' | 'failed' | 'snoozed' | 'cancelled' | 'released' | 'fatal';

export const live = (job: ModelJob): boolean =>
  job.state !== 'succeeded' && job.state !== 'dead' && job.state !== 'cancelled';

/**
 * The state machine of one queue, told in the simplest way: no transactions, no indexes, no workers' leases. After each
 * step everything that may go has gone (`settle`); the engine must agree, job by job.
 */
export class Model {
  readonly jobs: ModelJob[] = [];
  readonly limits: ModelLimits = { total: undefined, perKey: undefined, paused: false };
  now = 0;
  private readonly holders = new Map<string, ModelJob>();
  /** What each gate has let through; the queue's is ''. */
  private readonly taken = new Map<string, number>();
  private nextPlace = 1;

  accept(job: Pick<ModelJob, 'id' | 'lane' | 'key' | 'priority' | 'maxAttempts'> & { delay: number }): void {
    const { delay, ...given } = job;
    const made: ModelJob = {
      ...given,
      state: 'scheduled',
      reason: null,
      attempt: 0,
      failures: 0,
      dueAt: this.now + delay,
      place: undefined,
      slots: 0,
      gate: undefined,
      owner: undefined,
      cancelRequested: false,
    };
    // What the lane's own due jobs wait for goes before what only comes now.
    if (made.lane !== undefined && delay === 0) this.placeDue(made.lane);
    this.jobs.push(made);
    if (delay === 0) this.becomeReady(made);
    this.passGates();
  }

  /** The jobs that a worker would take next, in order. */
  nextToRun(count: number): ModelJob[] {
    if (this.limits.paused) return [];
    return this.inOrder(this.jobs.filter((job) => job.state === 'queued' && job.owner === undefined)).slice(
      0,
      count,
    );
  }

  start(job: ModelJob, execution: string): void {
    if (job.state !== 'queued' || job.owner !== undefined) return;
    job.state = 'running';
    job.owner = execution;
  }

  /** @returns whether it counted */
  end(id: string, attempt: number, execution: string, ending: Ending): boolean {
    const job = this.jobs.find((each) => each.id === id)!;
    const current = job.state === 'queued' || job.state === 'running';
    if (!current || job.attempt !== attempt || (job.owner !== undefined && job.owner !== execution))
      return false;
    // A handler that returns has won; whatever else it says, once it was asked to stop, is the end of it.
    if (job.cancelRequested && ending !== 'succeeded') {
      this.finish(job, 'cancelled');
      this.passGates();
      return true;
    }
    switch (ending) {
      case 'succeeded':
      case 'cancelled':
        this.finish(job, ending);
        break;
      case 'fatal':
        job.failures++;
        this.finish(job, 'dead');
        break;
      case 'failed':
        job.failures++;
        if (job.failures >= job.maxAttempts) this.finish(job, 'dead');
        else this.schedule(job, 1);
        break;
      case 'snoozed':
        this.schedule(job, 1);
        break;
      case 'released':
        this.releaseAgain(job);
    }
    this.passGates();
    return true;
  }

  /** All that runs is lost and released again. */
  rescue(): void {
    for (const job of this.jobs) if (job.state === 'running' && !job.cancelRequested) this.releaseAgain(job);
    this.passGates();
  }

  /** An hour goes by, and the timers look. */
  tick(): void {
    this.now++;
    for (const job of this.jobs) if (live(job) && job.cancelRequested) this.finish(job, 'cancelled');
    this.passGates();
    for (const lane of new Set(this.due().map((job) => job.lane))) {
      if (lane === undefined) continue;
      this.placeDue(lane);
      this.advance(lane);
    }
    for (const job of this.due()) this.release(job);
    this.passGates();
  }

  /** What no worker can have ends at once; of the rest it is asked. */
  cancel(job: ModelJob, mode: DispatchMode): void {
    if (!live(job)) return;
    if (job.state === 'running' || (job.state === 'queued' && mode === 'event')) job.cancelRequested = true;
    else this.finish(job, 'cancelled');
    this.passGates();
  }

  setLimits(limits: Partial<ModelLimits>): void {
    Object.assign(this.limits, limits);
    this.passGates();
  }

  private due(): ModelJob[] {
    return this.jobs
      .filter((job) => job.state === 'scheduled' && job.dueAt <= this.now)
      .sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
  }

  private placeDue(lane: string): void {
    for (const job of this.due()) {
      if (job.lane !== lane || job.place !== undefined) continue;
      this.stand(job);
    }
  }

  private stand(job: ModelJob): void {
    job.place = this.nextPlace++;
    job.state = 'held';
    job.reason = 'lane';
  }

  private becomeReady(job: ModelJob): void {
    if (job.lane === undefined) return this.release(job);
    this.stand(job);
    this.advance(job.lane);
  }

  private advance(lane: string): void {
    const holder = this.holders.get(lane);
    if (holder && live(holder)) return;
    this.holders.delete(lane);
    const [next] = this.jobs
      .filter((job) => job.lane === lane && job.state === 'held' && job.reason === 'lane')
      .sort((a, b) => a.place! - b.place!);
    if (!next) return;
    this.holders.set(lane, next);
    this.release(next);
  }

  private release(job: ModelJob): void {
    const gate = this.gateOf(job);
    if (gate === undefined) return this.queue(job);
    job.state = 'held';
    job.gate = gate;
    job.reason = gate === 2 && this.limits.paused ? 'paused' : 'concurrency';
  }

  private gateOf(job: ModelJob): 1 | 2 | undefined {
    const { total, perKey, paused } = this.limits;
    if (job.slots === 0 && job.key !== undefined && perKey !== undefined) return 1;
    if ((job.slots & 2) === 0 && (paused || total !== undefined)) return 2;
    return undefined;
  }

  private releaseAgain(job: ModelJob): void {
    this.queue(job);
  }

  private queue(job: ModelJob): void {
    job.state = 'queued';
    job.reason = null;
    job.gate = undefined;
    job.attempt++;
    job.owner = undefined;
  }

  private schedule(job: ModelJob, hours: number): void {
    job.state = 'scheduled';
    job.dueAt = this.now + hours;
    job.slots = 0;
  }

  private finish(job: ModelJob, state: 'succeeded' | 'dead' | 'cancelled'): void {
    job.state = state;
    job.reason = null;
    job.slots = 0;
    job.gate = undefined;
    if (job.lane === undefined) return;
    this.placeDue(job.lane);
    this.advance(job.lane);
  }

  private passGates(): void {
    const keys = new Set(this.jobs.filter((job) => job.gate === 1 && live(job)).map((job) => job.key!));
    for (const key of [...keys].sort()) {
      const taken = (): number => this.jobs.filter((job) => job.key === key && (job.slots & 1) !== 0).length;
      const most = this.limits.perKey ?? Infinity;
      const standing = (): ModelJob[] => this.jobs.filter((each) => each.gate === 1 && each.key === key);
      while (standing().length > 0 && taken() < most) this.pass(this.nextThrough(key, standing()), 1);
    }
    if (this.limits.paused) return;
    const taken = (): number => this.jobs.filter((job) => (job.slots & 2) !== 0).length;
    const most = this.limits.total ?? Infinity;
    const standing = (): ModelJob[] => this.jobs.filter((each) => each.gate === 2);
    while (standing().length > 0 && taken() < most) this.pass(this.nextThrough('', standing()), 2);
  }

  /** The most urgent and oldest; of 32 the 16th is the oldest low one, the 32nd the oldest normal one. */
  private nextThrough(gate: string, standing: ModelJob[]): ModelJob {
    const n = ((this.taken.get(gate) ?? 0) % 32) + 1;
    this.taken.set(gate, n);
    const turn = n === 16 ? 2 : n === 32 ? 1 : undefined;
    const inOrder = this.inOrder(standing);
    return inOrder.find((job) => job.priority === turn) ?? inOrder[0]!;
  }

  private pass(job: ModelJob, gate: 1 | 2): void {
    job.slots |= gate;
    job.gate = undefined;
    this.release(job);
  }

  private inOrder(jobs: ModelJob[]): ModelJob[] {
    return [...jobs].sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  }
}
