import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { DispatchMode } from '@baton/contracts';
import {
  claimJobs,
  Database,
  leaveWorker,
  migrate,
  registerWorker,
  settleBatch,
  type Settlement,
} from '@baton/persistence';
import { BenchError } from '../bench.error.js';
import { acceptOnBatonSchema, makeBatonPlace, type BatonPlace } from './baton-accept.sql.js';
import { batchRows, inBatches, untilNoneIsLeft } from './in-batches.js';
import type { LimitName, Limits } from './limits.js';
import { sampleJobs } from './sample-jobs.js';

export type BatonLimitName = Extract<LimitName, `baton${string}`>;

/** Baton's own tables and statements, with nothing around them. */
export async function measureBaton(databaseUrl: string, rows: number): Promise<Pick<Limits, BatonLimitName>> {
  await migrate(databaseUrl);
  const database = await Database.open(databaseUrl, { applicationName: 'baton-bench', max: 4 });
  try {
    const polling = await accept(database, 'polling', rows);
    const batonClaimAndCompletePerSecond = await claimAndSettle(database, polling.place);
    await database.pool.query('CHECKPOINT');
    const event = await accept(database, 'event', rows);
    const batonSettlePerSecond = await settleAll(database, event);
    await database.pool.query('CHECKPOINT');
    return {
      batonAcceptPerSecond: polling.perSecond,
      batonAcceptWithOutboxPerSecond: event.perSecond,
      batonClaimAndCompletePerSecond,
      batonSettlePerSecond,
    };
  } finally {
    await database.close();
  }
}

interface AcceptedJobs {
  place: BatonPlace;
  ids: string[];
  perSecond: number;
}

async function accept({ pool }: Database, mode: DispatchMode, rows: number): Promise<AcceptedJobs> {
  const tenantId = randomUUID();
  const place = { tenantId, queue: `limit-${tenantId}`, mode };
  await makeBatonPlace(pool, place);
  const jobs = sampleJobs(rows);
  const perSecond = await inBatches(jobs, (batch) => acceptOnBatonSchema(pool, batch, place));
  return { place, ids: jobs.map(({ id }) => id), perSecond };
}

async function claimAndSettle({ pool }: Database, place: BatonPlace): Promise<number> {
  const workerId = randomUUID();
  await registerWorker(pool, {
    id: workerId,
    source: 'polling',
    host: hostname(),
    pid: process.pid,
    queues: [place.queue],
  });
  let extended = false;
  const perSecond = await untilNoneIsLeft(async () => {
    const executionIds = Array.from({ length: batchRows }, () => randomUUID());
    const claimed = await claimJobs(pool, {
      workerId,
      queues: [place.queue],
      executionIds,
      extendLease: !extended,
    });
    extended = true;
    await settle(
      pool,
      claimed.map(({ jobId, executionId }) => settlementOf(place, { jobId, executionId, workerId })),
    );
    return claimed.length;
  });
  await leaveWorker(pool, workerId);
  return perSecond;
}

function settleAll({ pool }: Database, { place, ids }: AcceptedJobs): Promise<number> {
  const workerId = randomUUID();
  return inBatches(ids, (batch) =>
    settle(
      pool,
      batch.map((jobId) => settlementOf(place, { jobId, executionId: randomUUID(), workerId })),
    ),
  );
}

function settlementOf(
  { tenantId, queue }: BatonPlace,
  execution: { jobId: string; executionId: string; workerId: string },
): Settlement {
  const now = Date.now();
  return {
    ...execution,
    tenantId,
    queue,
    attempt: 1,
    orderingKey: undefined,
    kind: 'succeeded',
    startedAtMs: now,
    finishedAtMs: now,
    result: { kind: 'json', json: '1' },
  };
}

async function settle(pool: Database['pool'], settlements: readonly Settlement[]): Promise<void> {
  const { settled } = await settleBatch(pool, settlements);
  const stale = settled.find(({ verdict }) => verdict !== 'applied');
  if (stale) throw new BenchError(`A job was not settled but ${stale.verdict}`);
}
