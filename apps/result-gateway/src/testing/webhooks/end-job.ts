import { randomUUID } from 'node:crypto';
import { type DeliveryStep, type JobWebhook, type OutcomeKind } from '@baton/contracts';
import { claimJobs, registerWorker, settleBatch, type Settlement } from '@baton/persistence';
import { seedJobs, type SeededTenant, type TestDatabase } from '@baton/persistence/testing';

const { stringify } = JSON;

/** A job that somebody is to be told of, released and not yet run. */
export async function seedToldJob(
  { database }: TestDatabase,
  tenant: SeededTenant,
  {
    webhook,
    delivery,
    subscribed = false,
    maxAttempts,
  }: { webhook?: JobWebhook; delivery?: DeliveryStep[]; subscribed?: boolean; maxAttempts?: number } = {},
): Promise<string> {
  const [id] = await seedJobs(database, tenant, [maxAttempts === undefined ? {} : { maxAttempts }]);
  await database.pool.query(
    `UPDATE baton.job SET webhook = $2, delivery = $3, subscribed = $4, follows = true, traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' WHERE id = $1`,
    [id, webhook ? stringify(webhook) : null, delivery ? stringify(delivery) : null, subscribed],
  );
  return id!;
}

/** Claims the tenant's next job and settles it, as a worker does. @returns its id */
export async function endJob(
  { database: { pool } }: TestDatabase,
  { queue }: SeededTenant,
  kind: OutcomeKind = 'succeeded',
  more: Partial<Settlement> = { result: { kind: 'json', json: '{"n":1}' } },
): Promise<string> {
  const workerId = randomUUID();
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'test', pid: 1, queues: [queue] });
  const [job] = await claimJobs(pool, {
    workerId,
    queues: [queue],
    executionIds: [randomUUID()],
    extendLease: true,
  });
  const { jobId, attempt, executionId, tenantId } = job!;
  await settleBatch(pool, [
    {
      jobId,
      attempt,
      executionId,
      workerId,
      tenantId,
      queue,
      orderingKey: undefined,
      follows: true,
      kind,
      startedAtMs: 0,
      finishedAtMs: 0,
      ...more,
    },
  ]);
  return jobId;
}

/** Looks until it is so; every look is a round trip. */
export async function eventually<T>(look: () => Promise<T>, so: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (so(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
