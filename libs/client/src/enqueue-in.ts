import { BatonError, type ErrorCode, errorCodes, type PayloadOf } from '@baton/contracts';
import type { EnqueueOptions } from './enqueue-options.js';

/** What of a job may be given when it is enqueued in a caller's own transaction. */
export type EnqueueInOptions = Omit<
  EnqueueOptions,
  'dependsOn' | 'unique' | 'webhook' | 'delivery' | 'idempotencyKey' | 'signal'
> & {
  /** Its name or id; a deployment without keys has `default`. */
  tenant?: string;
  tracestate?: string;
};

/** A client of `pg`, in a transaction; or TypeORM's `EntityManager` or `QueryRunner`. */
export interface QueryTransaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** Prisma's transaction client. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown>;
}

const text = 'SELECT baton.enqueue($1::text, $2::text, $3::text, $4::jsonb) AS id';

/**
 * Enqueues a job in the caller's own transaction: it is accepted if and only if that commits. Nothing is sent to a
 * service, and nothing is locked, however long the transaction stays open.
 * @param tx begun by the caller, on the database that has the schema `baton`
 * @returns the job's id
 * @throws BatonError `unknown_queue`, `not_found` (the tenant), `invalid_request`, `invalid_json`, `payload_too_large`;
 *   what the driver throws otherwise. PostgreSQL has aborted the transaction then
 */
export async function enqueueIn<Queue extends string>(
  tx: QueryTransaction | PrismaTransaction,
  queue: Queue,
  payload: PayloadOf<Queue>,
  { tenant = 'default', ...options }: EnqueueInOptions = {},
): Promise<string> {
  const values = [tenant, queue, JSON.stringify(payload ?? null), JSON.stringify(options)];
  let answer: unknown;
  try {
    answer = await ('$queryRawUnsafe' in tx ? tx.$queryRawUnsafe(text, ...values) : tx.query(text, values));
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
  const rows = Array.isArray(answer) ? answer : (answer as { rows?: unknown }).rows;
  const id = Array.isArray(rows) ? (rows[0] as { id?: unknown } | undefined)?.id : undefined;
  if (typeof id === 'string') return id;
  throw new TypeError('the transaction answered baton.enqueue with no row');
}

/** The function's own refusals end in their code; what a driver puts around them is left out. */
function refusalOf(error: unknown): BatonError | undefined {
  const message = error instanceof Error ? error.message : '';
  const [, what, code] = /baton\.enqueue: ([^]*?) \(([a-z_]+)\)/.exec(message) ?? [];
  if (what === undefined || code === undefined || !(code in errorCodes)) return undefined;
  return new BatonError(code as ErrorCode, what, { cause: error });
}
