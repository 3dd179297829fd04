import { BatonError } from '@baton/contracts';
import { lockIdempotencyKeys } from '../sql/lock-idempotency-keys.sql.js';
import { type IdempotencyRow, readIdempotency } from '../sql/read-idempotency.sql.js';
import { readJobs } from '../sql/read-jobs.sql.js';
import type { Transaction } from '../transaction/transaction.js';
import type { Answer } from './answer.js';
import { advisoryLockId, scopedKeyName } from './idempotency-id.js';
import type { AcceptRequest, IdempotencyKey } from './new-job.js';

type KeyedRequest = AcceptRequest & { idempotency: IdempotencyKey };

/**
 * Answers the requests whose key is in use: in another process right now (`409`), with another body (`422`), or
 * already, with this body: what the first request made is told again.
 *
 * Two statements: a row that the lock's last holder committed is seen only by a snapshot taken after the lock.
 */
export async function answerRepeats(
  tx: Transaction,
  requests: readonly AcceptRequest[],
  answers: Map<AcceptRequest, Answer>,
): Promise<void> {
  const keyed = requests.filter((request): request is KeyedRequest => request.idempotency !== undefined);
  if (keyed.length === 0) return;
  const lockIds = new Map(keyed.map((request) => [request, advisoryLockId(scopeOf(request))]));
  const locked = await lockIdempotencyKeys(tx, [...lockIds.values()]);
  const ours = keyed.filter((request) => locked.has(lockIds.get(request) ?? ''));
  for (const request of keyed)
    if (!ours.includes(request)) answers.set(request, { refused: inProgress(request) });
  if (ours.length === 0) return;
  const rows = await readIdempotency(tx, ours.map(scopeOf));
  const kept = new Map(rows.map((row) => [scopedKeyName(row), row]));
  for (const request of ours) {
    const row = kept.get(scopedKeyName(scopeOf(request)));
    if (row) answers.set(request, await repeat(tx, request, row));
  }
}

export function inProgress({ idempotency }: KeyedRequest): BatonError {
  return new BatonError(
    'idempotency_in_progress',
    `another request with the Idempotency-Key "${idempotency.key}" is being answered; repeat this one in a moment`,
    { retryAfterSeconds: 1 },
  );
}

export function scopeOf({ tenantId, idempotency: { route, key } }: KeyedRequest) {
  return { tenantId, route, key };
}

async function repeat(tx: Transaction, request: KeyedRequest, row: IdempotencyRow): Promise<Answer> {
  const { key, bodyHash } = request.idempotency;
  if (!row.bodyHash.equals(bodyHash)) {
    return {
      refused: new BatonError(
        'idempotency_mismatch',
        `the Idempotency-Key "${key}" was used with another body; send the first body again, or use another key`,
      ),
    };
  }
  const found = new Map((await readJobs(tx, request.tenantId, row.jobIds)).map((job) => [job.id, job]));
  const jobs = row.jobIds.map((id) => found.get(id)).filter((job) => job !== undefined);
  if (jobs.length === row.jobIds.length) return { accepted: { jobs, repeated: true, existing: new Set() } };
  return {
    refused: new BatonError(
      'not_found',
      `what the first request with the Idempotency-Key "${key}" made is past its retention`,
    ),
  };
}
