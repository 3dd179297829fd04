import { randomUUID } from 'node:crypto';
import { releaseDue } from '../relay/release-due.js';
import { settleBatch } from '../settle/settle-batch.js';
import { useTestDatabase, seedJobs } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { claimJobs } from './claim-jobs.sql.js';
import type { ClaimedJob } from './claimed-job.js';
import { registerWorker } from './register-worker.sql.js';
import { replayJobs } from './replay-jobs.sql.js';

const test = useTestDatabase();
let workerId: string;
beforeEach(async () => {
  workerId = randomUUID();
  const worker = {
    id: workerId,
    source: 'polling',
    host: 'here',
    pid: 1,
    queues: [test.tenant.queue],
  } as const;
  await registerWorker(test.database.pool, worker);
});

const query = async (text: string, values: unknown[] = []) =>
  (await test.database.pool.query<Record<string, unknown>>(text, values)).rows;

async function claim(): Promise<ClaimedJob> {
  const ids = { workerId, queues: [test.tenant.queue], executionIds: [randomUUID()], extendLease: true };
  const [job] = await claimJobs(test.database.pool, ids);
  if (!job) throw new Error('there is no job to claim');
  return job;
}

async function settle(job: ClaimedJob, kind: 'succeeded' | 'failed') {
  const { jobId, attempt, executionId, tenantId, queue, claimedAtMs } = job;
  const ids = { jobId, attempt, executionId, tenantId, queue, workerId };
  const error = { code: 'handler_error', message: 'no', retryable: false } as const;
  const said = { ...ids, orderingKey: job.orderingKey ?? undefined, kind, startedAtMs: claimedAtMs };
  const { settled } = await settleBatch(test.database.pool, [
    { ...said, ...(kind === 'failed' && { error }) },
  ]);
  return settled[0]!.verdict;
}

const replay = (jobIds: string[], payload?: string) =>
  inTransaction(test.database.pool, (tx) =>
    replayJobs(tx, { tenantId: test.tenant.tenantId, jobIds, payload }),
  );

async function deadJob(options: { orderingKey?: string } = {}): Promise<{ id: string; died: ClaimedJob }> {
  const [id] = await seedJobs(test.database, test.tenant, [{ payload: { n: 1 }, ...options }]);
  const died = await claim();
  await settle(died, 'failed');
  return { id: id!, died };
}

it('a dead job begins a new generation, due now, with no failures; its attempts are numbered on', async () => {
  const { id, died } = await deadJob();
  expect(await replay([id])).toEqual([{ jobId: id, queue: test.tenant.queue, generation: 1 }]);
  const [row] = await query('SELECT * FROM baton.job WHERE id = $1', [id]);
  expect(row).toMatchObject({
    state: 'scheduled',
    generation: 1,
    seq: 1,
    attempt: 1,
    failures: 0,
    crashes: 0,
    pending_parents: 0,
    payload: '{"n":1}',
    execution_id: null,
    outbox_id: null,
  });
  expect(await query('SELECT FROM baton.job_history WHERE id = $1', [id])).toHaveLength(0);
  // The attempt in which it died is still told, and so is its replay.
  expect(
    await query(
      'SELECT generation, attempt, outcome, execution_id FROM baton.job_attempt WHERE job_id = $1',
      [id],
    ),
  ).toEqual([{ generation: 0, attempt: 1, outcome: 'failed', execution_id: died.executionId }]);
  expect(await query('SELECT generation, seq, type FROM baton.job_event WHERE job_id = $1', [id])).toEqual([
    { generation: 1, seq: 1, type: 'job.replayed' },
  ]);
  await releaseDue(test.database.pool, 10);
  const again = await claim();
  expect(again).toMatchObject({ jobId: id, attempt: 2, failures: 0 });
  expect(await settle(died, 'succeeded')).toBe('refused'); // what is said of the old attempt changes nothing
  expect(await settle(again, 'succeeded')).toBe('applied');
});

it('may be given another payload', async () => {
  const { id } = await deadJob();
  await replay([id], '{"n": 2}');
  const [row] = await query('SELECT payload FROM baton.job WHERE id = $1', [id]);
  expect(row).toEqual({ payload: '{"n": 2}' });
});

it('goes to the tail of its lane', async () => {
  const { id } = await deadJob({ orderingKey: 'k' });
  const [first, second] = await seedJobs(test.database, test.tenant, [
    { orderingKey: 'k' },
    { orderingKey: 'k' },
  ]);
  await replay([id]);
  await releaseDue(test.database.pool, 10);
  const order: string[] = [];
  for (let i = 0; i < 3; i++) {
    const job = await claim();
    order.push(job.jobId);
    await settle(job, 'succeeded');
  }
  expect(order).toEqual([first, second, id]);
});

it('is replayed once, however many ask at once; what is not dead is not', async () => {
  const { id } = await deadJob();
  const [live] = await seedJobs(test.database, test.tenant, [{}]);
  const replies = await Promise.all([replay([id]), replay([id]), replay([id]), replay([live!])]);
  expect(replies.flat()).toHaveLength(1);
});

it('starts carefully when it had killed its workers', async () => {
  const { id } = await deadJob();
  await query('UPDATE baton.job_history SET crashes = 3 WHERE id = $1', [id]);
  await replay([id]);
  expect(await query('SELECT crashes, careful FROM baton.job WHERE id = $1', [id])).toEqual([
    { crashes: 0, careful: true },
  ]);
});
