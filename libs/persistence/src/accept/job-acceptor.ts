import { BatonError, type Channel } from '@baton/contracts';
import { withoutTracing } from '@baton/tracing';
import type { Pool } from 'pg';
import { faultKind } from '../transaction/sqlstate.js';
import { inTransaction } from '../transaction/transaction.js';
import type { WakeLog } from '../wake/wake-log.js';
import { type GroupResult, UnknownQueues } from './accept-group.js';
import type { Answer } from './answer.js';
import { answerRepeats, inProgress, scopeOf } from './answer-repeats.js';
import { scopedKeyName } from './idempotency-id.js';
import type { AcceptRequest, Accepted } from './new-job.js';
import { uniqueKeysOf } from './unique-jobs.js';
import { lanesWanted, type Waiting, WaitingRequests } from './waiting-requests.js';
import { wakeFor } from './wake-for.js';
import { FateUnknownError, writeGroup } from './write-group.js';

export interface JobAcceptorOptions {
  /** `Notifier.wake`. */
  wake: (channel: Channel, item: string) => void;
  log: WakeLog;
  random?: () => number;
}

/** Two, so that one group is gathered and sent while the other's commit reaches the disk. */
const groupsInFlight = 2;
/** Requests that wait for a busy lane, each in a transaction of its own. */
const waitersInFlight = 2;
/** Requests in memory; more are refused, since they only come when PostgreSQL does not keep up. */
const mostWaiting = 10_000;
const retries = 4;
/** How long a request may find its lane busy: far longer than any transaction of Baton lasts. */
const busyMs = 10_000;

/**
 * Accepts jobs, as many concurrent requests as there are in one transaction.
 *
 * A request is waiting → in a group that is being written → answered; or it leaves the group because a lane of
 * it is busy, and is waiting again. A lone request is written at once; a group forms while others are being
 * written. Always: no two groups being written share a lane or a unique key, no two requests with one idempotency key are here
 * at once, and whatever fails fails for the request at fault alone.
 */
export class JobAcceptor {
  private readonly waiting = new WaitingRequests();
  /** And unique keys. */
  private readonly lanesInUse = new Set<string>();
  private readonly keysInUse = new Set<string>();
  private readonly writes = new Set<Promise<void>>();
  private groups = 0;
  private waiters = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly options: JobAcceptorOptions,
  ) {}

  /**
   * Commits the request's jobs, all or none, or tells again what an earlier request with its key made.
   * @throws BatonError `unknown_queue`, `idempotency_in_progress`, `idempotency_mismatch`, `not_found`,
   *   `invalid_request` (PostgreSQL refuses the job), `unavailable`
   */
  async accept(request: AcceptRequest): Promise<Accepted> {
    const { idempotency } = request;
    if (!idempotency) return this.enqueue(request);
    const keyed = { ...request, idempotency };
    const key = scopedKeyName(scopeOf(keyed));
    if (this.keysInUse.has(key)) throw inProgress(keyed);
    this.keysInUse.add(key);
    try {
      return await this.enqueue(request);
    } finally {
      this.keysInUse.delete(key);
    }
  }

  /**
   * What an earlier request with this key made, told again.
   * @returns undefined when there was none
   * @throws BatonError `idempotency_in_progress`, `idempotency_mismatch`, `not_found`, `unavailable`
   */
  async repeat(request: AcceptRequest): Promise<Accepted | undefined> {
    const answers = new Map<AcceptRequest, Answer>();
    await withoutTracing(() => inTransaction(this.pool, (tx) => answerRepeats(tx, [request], answers)));
    const answer = answers.get(request);
    if (answer && 'refused' in answer) throw answer.refused;
    return answer && 'accepted' in answer ? answer.accepted : undefined;
  }

  /** Resolves when every request so far is answered. */
  async drain(): Promise<void> {
    while (this.writes.size > 0 || this.waiting.size > 0) {
      await (this.writes.size > 0
        ? Promise.all(this.writes)
        : new Promise((resolve) => setTimeout(resolve, 1)));
    }
  }

  private enqueue(request: AcceptRequest): Promise<Accepted> {
    if (this.waiting.size >= mostWaiting) {
      const many = `${mostWaiting} requests are waiting for PostgreSQL already`;
      return Promise.reject(new BatonError('unavailable', many, { retryAfterSeconds: 1 }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.add({
        request,
        lanes: lanesWanted(request),
        uniqueKeys: uniqueKeysOf(request),
        busyRounds: 0,
        notBefore: 0,
        resolve,
        reject,
      });
      this.pump();
    });
  }

  /** Starts as many groups as may be in flight. */
  private pump(): void {
    const now = performance.now();
    while (this.groups < groupsInFlight && this.waiting.size > 0) {
      const group = this.waiting.takeGroup(this.lanesInUse, now);
      if (group.length === 0) break;
      this.groups++;
      this.start(group, { wait: false, ended: () => this.groups-- });
    }
    while (this.waiters < waitersInFlight && this.waiting.size > 0) {
      const one = this.waiting.takeImpatient(this.lanesInUse, now);
      if (!one) break;
      this.waiters++;
      this.start([one], { wait: true, ended: () => this.waiters-- });
    }
    this.wakeUpForBusyLanes(now);
  }

  private wakeUpForBusyLanes(now: number): void {
    clearTimeout(this.timer);
    const next = this.waiting.nextTry();
    if (next !== undefined && next > now) this.timer = setTimeout(() => this.pump(), Math.ceil(next - now));
  }

  /** Writes a group under no request's trace: it belongs to all of them. */
  private start(group: readonly Waiting[], { wait, ended }: { wait: boolean; ended: () => void }): void {
    const inUse = group.flatMap(({ lanes, uniqueKeys }) => [...lanes, ...uniqueKeys]);
    for (const name of inUse) this.lanesInUse.add(name);
    const write = withoutTracing(() => this.write(group, wait)).finally(() => {
      for (const name of inUse) this.lanesInUse.delete(name);
      this.writes.delete(write);
      ended();
      this.pump();
    });
    this.writes.add(write);
  }

  /** Answers every member of the group, or puts it back. Never throws. */
  private async write(group: readonly Waiting[], wait: boolean): Promise<void> {
    if (group.length === 0) return;
    try {
      this.tell(group, await this.writeWithRetries(group, wait));
    } catch (error) {
      await this.blame(group, wait, error);
    }
  }

  private async writeWithRetries(group: readonly Waiting[], wait: boolean): Promise<GroupResult> {
    const requests = group.map(({ request }) => request);
    for (let tries = 0; ; tries++) {
      try {
        return await writeGroup(this.pool, requests, { wait });
      } catch (error) {
        if (faultKind(error) !== 'passing' || tries >= (wait ? 1 : retries)) throw error;
        const { random = Math.random } = this.options;
        await new Promise((resolve) => setTimeout(resolve, 2 ** tries * 10 * (0.5 + random())));
      }
    }
  }

  private tell(group: readonly Waiting[], result: GroupResult): void {
    wakeFor(result, this.options.wake);
    const busy: Waiting[] = [];
    for (const waiting of group) {
      const answer = result.answers.get(waiting.request);
      if (!answer) waiting.reject(new TypeError('a group left a request without an answer'));
      else if ('accepted' in answer) waiting.resolve(answer.accepted);
      else if ('refused' in answer) waiting.reject(answer.refused);
      else busy.push(waiting);
    }
    this.waiting.putBack(busy.filter((waiting) => this.mayTryAgain(waiting)));
  }

  private mayTryAgain(waiting: Waiting): boolean {
    waiting.notBefore = performance.now() + Math.min(50, 2 ** waiting.busyRounds);
    waiting.busyRounds++;
    waiting.busySince ??= performance.now();
    if (performance.now() - waiting.busySince < busyMs) return true;
    waiting.reject(laneBusy());
    return false;
  }

  /** Finds whose fault it is that the group was not written, and writes the others. */
  private async blame(group: readonly Waiting[], wait: boolean, error: unknown): Promise<void> {
    if (error instanceof UnknownQueues) {
      for (const { request, reject } of group) {
        const refusal = error.refusals.get(request);
        if (refusal) reject(refusal);
      }
      return this.write(
        group.filter(({ request }) => !error.refusals.has(request)),
        wait,
      );
    }
    const member = faultKind(error) === 'member';
    if (member && group.length > 1) {
      const half = Math.ceil(group.length / 2);
      await this.write(group.slice(0, half), wait);
      return this.write(group.slice(half), wait);
    }
    const told = member ? notStorable(error) : groupError(error);
    this.options.log(`${group.length} requests for jobs failed`, error instanceof Error ? error : told);
    for (const { reject } of group) reject(told);
  }
}

function notStorable(cause: unknown): BatonError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BatonError('invalid_request', `PostgreSQL cannot store this job: ${why}`, { cause });
}

function laneBusy(): BatonError {
  const why = `a lane of this request has been locked for ${busyMs} ms`;
  return new BatonError('unavailable', why, { retryAfterSeconds: 1 });
}

function groupError(cause: unknown): BatonError {
  if (cause instanceof FateUnknownError) {
    const what = 'PostgreSQL went away while it committed, and the jobs may have been accepted or not';
    const how = 'repeat the request with its Idempotency-Key';
    return new BatonError('unavailable', `${what}; ${how}`, { cause, retryAfterSeconds: 1 });
  }
  if (faultKind(cause) === 'passing') {
    return new BatonError('unavailable', 'PostgreSQL did not take the jobs; nothing was accepted', {
      cause,
      retryAfterSeconds: 1,
    });
  }
  return new BatonError('internal', 'the jobs could not be written', { cause });
}
