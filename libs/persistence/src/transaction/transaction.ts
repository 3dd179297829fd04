import { BatonError } from '@baton/contracts';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { type Freed, type GateKey, type GateLevel, levelOf, slotsOf } from '../sql/gate-key.js';
import type { ClaimedJob } from '../sql/claimed-job.js';
import type { Offer } from '../sql/offer.js';
import type { Queryable } from '../sql/statement.js';
import { faultKind, isUnanswered } from './sqlstate.js';

const levels = ['lanes', 'unique keys', 'jobs', 'counters'] as const;
type LockLevel = (typeof levels)[number];

/**
 * One transaction, which knows the one lock order: lanes, then unique keys, then jobs, then counters. A statement that takes new
 * locks says so by `locking`; going back a level throws, since two transactions that lock in different orders
 * can wait for each other for ever. Only accept and replay wait for unique keys; whoever ends a job takes its key along if nobody
 * has it locked, and leaves it lying else.
 */
export class Transaction implements Queryable {
  private reached: LockLevel = 'lanes';
  /** When gates are due, milliseconds since the epoch: the timers are to look then. */
  readonly openGates = new Set<string>();

  /** Jobs that it has ended whose dependants are to be told after the commit. */
  readonly followUps: string[] = [];
  /** Gates before which jobs have come to stand, and slots that were given back: `passGates` sees to them. */
  private touched: GateKey[] = [];
  private freed: Freed[] = [];

  /** Jobs that were handed on to the worker of the offer. */
  readonly handed: ClaimedJob[] = [];
  /** A polling worker's free slots, to which what is released here may be handed. */
  offer: Offer | undefined;

  private readonly begun: Promise<unknown>;
  private committed: Promise<unknown> | undefined;

  /** BEGIN is sent with the first statement, or with all that are sent before an answer is waited for. */
  constructor(private readonly client: PoolClient) {
    this.inOneWrite();
    this.begun = client.query('BEGIN');
    // The first statement tells of it.
    this.begun.catch(() => undefined);
  }

  /** What is sent before an answer is waited for goes to the socket at once. */
  private inOneWrite(): void {
    const { stream } = this.client.connection;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  touchGate(gate: GateKey): void {
    this.touched.push(gate);
  }

  /** Jobs that have ended, or have gone back to wait for their time, and hold no slot any more. */
  freeSlots(jobs: Parameters<typeof slotsOf>[0]): void {
    this.freed.push(...slotsOf(jobs));
  }

  hasGates(level: GateLevel): boolean {
    return [...this.touched, ...this.freed].some((gate) => levelOf(gate) === level);
  }

  /** Gates that nobody has seen to. */
  takeTouched(): GateKey[] {
    return this.touched.splice(0);
  }

  takeGates(level: GateLevel): { touched: GateKey[]; freed: Freed[] } {
    const ofLevel = (gate: GateKey): boolean => levelOf(gate) === level;
    const taken = { touched: this.touched.filter(ofLevel), freed: this.freed.filter(ofLevel) };
    this.touched = this.touched.filter((gate) => !ofLevel(gate));
    this.freed = this.freed.filter((gate) => !ofLevel(gate));
    return taken;
  }

  /** @throws TypeError when `passGates` was forgotten: jobs would stand there until the sweep finds them */
  assertGatesPassed(): void {
    if (this.touched.length + this.freed.length > 0)
      throw new TypeError('a transaction that touched gates must call passGates last');
  }

  locking(level: LockLevel): void {
    if (levels.indexOf(level) < levels.indexOf(this.reached)) {
      throw new TypeError(`lock order: ${level} must be locked before ${this.reached}`);
    }
    this.reached = level;
  }

  async query<R extends QueryResultRow>(config: { name?: string; text: string; values: unknown[] }) {
    this.inOneWrite();
    const [answer] = await Promise.all([this.client.query<R>(config), this.begun]);
    return answer;
  }

  get isCommitted(): boolean {
    return this.committed !== undefined;
  }

  /** Once: whoever sends its last statement may have sent it along. */
  commit(): Promise<unknown> {
    this.inOneWrite();
    return (this.committed ??= this.client.query('COMMIT'));
  }
}

export interface RetryOptions {
  /** How often a passing fault is tried again; each time after a longer, jittered pause. */
  retries?: number;
  random?: () => number;
}

/**
 * Runs `work` in one READ COMMITTED transaction. Faults that may pass are retried from the start.
 * @throws BatonError `unavailable` when they do not pass; the original error otherwise
 */
export function inTransaction<T>(
  pool: Pool,
  work: (tx: Transaction) => Promise<T>,
  options?: RetryOptions,
): Promise<T> {
  return retrying(() => once(pool, work), options);
}

/**
 * Runs `work`, which is one transaction or one statement, again while its fault may pass.
 * @throws BatonError `unavailable` when it does not pass; the original error otherwise
 */
export async function retrying<T>(
  work: () => Promise<T>,
  { retries = 4, random = Math.random }: RetryOptions = {},
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (faultKind(error) !== 'passing') throw error;
      if (tries >= retries) {
        throw new BatonError('unavailable', 'PostgreSQL did not take the transaction', { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 2 ** tries * 10 * (0.5 + random())));
    }
  }
}

/**
 * Runs `work` in one READ COMMITTED transaction of one round trip: `work` sends all its statements before it waits for an
 * answer, and COMMIT is sent behind them. It is tried once. What gates are to be passed is not seen to before the commit.
 * @throws what `work` threw, when nothing was written; or the fault of a COMMIT whose answer was lost
 */
export async function inOneTrip<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const tx = new Transaction(client);
  const result = work(tx);
  // Behind a statement that failed it rolls back.
  const [, committed] = await Promise.allSettled([result, tx.commit()]);
  if (committed.status === 'fulfilled') {
    client.release();
    return result;
  }
  client.release(committed.reason as Error);
  await result;
  throw committed.reason;
}

async function once<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const tx = new Transaction(client);
    const result = await work(tx);
    if (!tx.isCommitted) tx.assertGatesPassed();
    await tx.commit();
    return result;
  } catch (error) {
    // A session that does not answer, or cannot roll back, is not given back to the pool.
    if (isUnanswered(error)) broken = error as Error;
    else await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.release(broken);
  }
}
