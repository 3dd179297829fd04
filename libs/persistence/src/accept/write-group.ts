import type { Pool, PoolClient } from 'pg';
import { transactionFate } from '../sql/transaction-fate.sql.js';
import { faultKind } from '../transaction/sqlstate.js';
import { Transaction } from '../transaction/transaction.js';
import { acceptGroup, type GroupResult } from './accept-group.js';
import type { AcceptRequest } from './new-job.js';

/** A transaction that takes longer lost its connection without a word; its statements time out long before. */
const answerMs = 20_000;
/** How long PostgreSQL is asked what became of a COMMIT whose answer was lost. */
const fateMs = 20_000;
const askAgainMs = 50;

/** What PostgreSQL did with a COMMIT could not be learnt: the jobs may be there or not. */
export class FateUnknownError extends Error {
  constructor(cause: unknown) {
    super('the answer to COMMIT was lost, and PostgreSQL could not be asked what became of it', { cause });
  }
}

/**
 * One transaction for a group of requests. When the answer to COMMIT is lost, PostgreSQL is asked on another
 * connection what became of it, before anyone is told that it failed.
 * @throws what the statements threw, when nothing was written; FateUnknownError
 */
export function writeGroup(
  pool: Pool,
  requests: readonly AcceptRequest[],
  options: { wait: boolean },
): Promise<GroupResult> {
  return writeOnce(pool, (tx) => acceptGroup(tx, requests, options));
}

/** As {@link writeGroup}, for whatever else inserts jobs in one transaction. */
export async function writeOnce<R extends Pick<GroupResult, 'inserted'>>(
  pool: Pool,
  work: (tx: Transaction) => Promise<R>,
): Promise<R> {
  const client = await pool.connect();
  const session = new Session(client);
  let result: R;
  const tx = new Transaction(client);
  try {
    result = await work(tx);
    tx.assertGatesPassed();
  } catch (error) {
    await session.rollBack();
    throw error;
  }
  try {
    await tx.commit();
    session.release();
  } catch (error) {
    session.release(error);
    await learnFate(pool, result, error);
  }
  return result;
}

/** Returns when the group was committed after all. @throws the COMMIT's error when nothing was written */
async function learnFate(
  pool: Pool,
  { inserted }: Pick<GroupResult, 'inserted'>,
  commitError: unknown,
): Promise<void> {
  const [first] = inserted;
  // Nothing but answers from what was there already: reading it again changes nothing.
  if (!first) throw commitError;
  const until = performance.now() + fateMs;
  while (performance.now() < until) {
    const fate = await transactionFate(pool, { xid: first.xid, jobId: first.id }).catch((error: unknown) => {
      if (faultKind(error) === 'passing') return 'unknown';
      throw error;
    });
    if (fate === 'committed') return;
    if (fate === 'aborted') throw commitError;
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
  }
  throw new FateUnknownError(commitError);
}

/** A pool's client that is given back once: whole, or broken when it failed or did not answer in time. */
class Session {
  private released = false;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly client: PoolClient) {
    // What breaks is told by the statement that waits; without a listener the event would end the process.
    client.on('error', ignore);
    // Releasing it as broken ends its socket, and so fails the statement that waits on it.
    this.timer = setTimeout(
      () => this.release(new Error(`PostgreSQL did not answer within ${answerMs} ms`)),
      answerMs,
    );
  }

  release(broken?: unknown): void {
    if (this.released) return;
    this.released = true;
    clearTimeout(this.timer);
    this.client.removeListener('error', ignore);
    this.client.release(broken instanceof Error ? broken : undefined);
  }

  async rollBack(): Promise<void> {
    if (this.released) return;
    try {
      await this.client.query('ROLLBACK');
      this.release();
    } catch (error) {
      // A session that cannot roll back is not given back to the pool; what failed first is what is told.
      this.release(error);
    }
  }
}

function ignore(): void {
  // See the constructor of Session.
}
