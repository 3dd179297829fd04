import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import type { ClaimedJob } from '../sql/claimed-job.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import { useTestDatabase, seedJobs, seedTenant } from '../testing.js';
import { settleBatch } from './settle-batch.js';
import type { Settlement } from './settlement.js';

const test = useTestDatabase();
let workerId: string;

beforeEach(async () => {
  workerId = await newWorker();
});

async function newWorker(): Promise<string> {
  const id = randomUUID();
  await registerWorker(test.database.pool, {
    id,
    source: 'polling',
    host: hostname(),
    pid: process.pid,
    queues: [test.tenant.queue],
  });
  return id;
}

async function claim(slots: number, worker = workerId): Promise<ClaimedJob[]> {
  return claimJobs(test.database.pool, {
    workerId: worker,
    queues: [test.tenant.queue],
    executionIds: Array.from({ length: slots }, () => randomUUID()),
    extendLease: true,
  });
}

function say(job: ClaimedJob, kind: Settlement['kind'], more: Partial<Settlement> = {}): Settlement {
  return {
    jobId: job.jobId,
    attempt: job.attempt,
    executionId: job.executionId,
    workerId,
    tenantId: job.tenantId,
    queue: job.queue,
    orderingKey: job.orderingKey ?? undefined,
    kind,
    startedAtMs: job.claimedAtMs,
    finishedAtMs: job.claimedAtMs + 5,
    ...(kind === 'succeeded' ? { result: { kind: 'json' as const, json: '{"ok":true}' } } : {}),
    ...(kind === 'failed'
      ? { error: { code: 'handler_error' as const, message: 'boom', retryable: true } }
      : {}),
    ...more,
  };
}

const settle = (...said: Settlement[]) => settleBatch(test.database.pool, said, { random: () => 0.5 });

async function rowOf(id: string): Promise<Record<string, unknown>> {
  const live = await test.database.pool.query('SELECT * FROM baton.job WHERE id = $1', [id]);
  const past = await test.database.pool.query('SELECT * FROM baton.job_history WHERE id = $1', [id]);
  expect(live.rows.length + past.rows.length).toBe(1);
  return (live.rows[0] ?? past.rows[0]) as Record<string, unknown>;
}

it('a success is stored, numbered and told', async () => {
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  const [job] = await claim(5);
  const { settled } = await settle(say(job!, 'succeeded'));
  expect(settled[0]).toMatchObject({
    verdict: 'applied',
    state: 'succeeded',
    terminal: { jobId: id, cursor: '0:4' },
  });
  expect(await rowOf(id!)).toMatchObject({
    state: 'succeeded',
    result: '{"ok":true}',
    attempt: 1,
    seq: 4,
    started_seq: 3,
  });
});

it('a second saying is a duplicate, a second execution is refused, and neither changes anything', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  const [job] = await claim(1);
  await settle(say(job!, 'succeeded'));
  const before = await rowOf(job!.jobId);
  const stranger = { executionId: randomUUID(), result: { kind: 'json' as const, json: '"stolen"' } };
  const { settled } = await settle(say(job!, 'succeeded'), say(job!, 'succeeded', stranger));
  expect(settled.map((s) => s.verdict)).toEqual(['duplicate', 'refused']);
  expect(await rowOf(job!.jobId)).toEqual(before);
});

it('failures are retried with backoff until maxAttempts, then dead; attempts are kept', async () => {
  const [id] = await seedJobs(test.database, test.tenant, [{ maxAttempts: 2 }]);
  const [first] = await claim(1);
  const report = await settle(say(first!, 'failed'));
  expect(report.settled[0]).toMatchObject({ verdict: 'applied', state: 'scheduled' });
  const row = await rowOf(id!);
  expect(row).toMatchObject({ state: 'scheduled', failures: 1, attempt: 1 });
  expect(report.earliestRetryMs).toBe((row['run_at'] as Date).getTime());
  await test.database.pool.query(
    `UPDATE baton.job SET state = 'queued', attempt = 2, execution_id = NULL, started_seq = NULL, worker_id = NULL WHERE id = $1`,
    [id],
  );
  const [second] = await claim(1);
  expect(second).toMatchObject({ attempt: 2, failures: 1 });
  const { settled } = await settle(say(second!, 'failed'));
  expect(settled[0]).toMatchObject({ state: 'dead', terminal: { error: { code: 'handler_error' } } });
  const { rows } = await test.database.pool.query(
    'SELECT attempt, outcome FROM baton.job_attempt WHERE job_id = $1',
    [id],
  );
  expect(rows).toEqual([{ attempt: 1, outcome: 'failed' }]);
});

it('an outcome of an old attempt changes nothing', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  const [old] = await claim(1);
  const { released } = await settle(say(old!, 'released'));
  expect(released).toEqual([{ jobId: old!.jobId, queue: test.tenant.queue, mode: 'polling' }]);
  const [current] = await claim(1);
  expect(current!.attempt).toBe(2);
  expect((await settle(say(old!, 'succeeded'))).settled[0]!.verdict).toBe('refused');
  expect((await settle(say(current!, 'succeeded'))).settled[0]!.verdict).toBe('applied');
});

it('a lane runs one at a time, in order, and keeps its turn through a retry', async () => {
  const ids = await seedJobs(test.database, test.tenant, [
    { orderingKey: 'k' },
    { orderingKey: 'k' },
    { orderingKey: 'other' },
  ]);
  const both = await claim(10);
  expect(both.map((j) => j.jobId).sort()).toEqual([ids[0], ids[2]].sort());
  const first = both.find((j) => j.jobId === ids[0])!;
  expect((await settle(say(first, 'failed'))).released).toEqual([]);
  expect(await claim(10)).toEqual([]);
  await test.database.pool.query(
    `UPDATE baton.job SET state = 'queued', attempt = 2, execution_id = NULL, started_seq = NULL WHERE id = $1`,
    [ids[0]],
  );
  const [again] = await claim(10);
  const { released } = await settle(say(again!, 'succeeded'));
  expect(released.map((r) => r.jobId)).toEqual([ids[1]]);
  const [next] = await claim(10);
  await settle(
    say(next!, 'succeeded'),
    say(
      both.find((j) => j.jobId === ids[2])!,
      'succeeded',
    ),
  );
  const { rows } = await test.database.pool.query('SELECT * FROM baton.lane WHERE tenant_id = $1', [
    test.tenant.tenantId,
  ]);
  expect(rows).toEqual([]);
});

it('settle against accept of one lane: the job that came meanwhile is not stranded', async () => {
  const [id] = await seedJobs(test.database, test.tenant, [{ orderingKey: 'k' }]);
  const [job] = await claim(1);
  // Accept holds the lane, and has inserted its held job, when settle comes.
  const accept = await test.database.pool.connect();
  await accept.query('BEGIN');
  await accept.query(`SELECT FROM baton.lane WHERE tenant_id = $1 FOR UPDATE`, [test.tenant.tenantId]);
  await accept.query(
    `INSERT INTO baton.job (id, tenant_id, queue, state, reason, mode, priority, ordering_key, lane_place, payload, max_attempts, timeout_ms, seq, created_at)
     SELECT gen_random_uuid(), tenant_id, queue, 'held', 'lane', mode, 1, 'k', 99, '1', 5, 1000, 2, now() FROM baton.job WHERE id = $1`,
    [id],
  );
  const said = say(job!, 'succeeded');
  const { settled } = await settle(said);
  expect(settled[0]!.verdict).toBe('busy');
  await accept.query('COMMIT');
  accept.release();
  const report = await settle(said);
  expect(report.settled[0]!.verdict).toBe('applied');
  expect(report.released).toHaveLength(1);
});

it('a busy lane holds up nobody else of the batch', async () => {
  await seedJobs(test.database, test.tenant, [{ orderingKey: 'a' }, { orderingKey: 'b' }]);
  const jobs = await claim(2);
  const other = await test.database.pool.connect();
  await other.query('BEGIN');
  await other.query(`SELECT FROM baton.lane WHERE ordering_key = 'a' AND tenant_id = $1 FOR UPDATE`, [
    test.tenant.tenantId,
  ]);
  const { settled } = await settle(...jobs.map((j) => say(j, 'succeeded')));
  await other.query('ROLLBACK');
  other.release();
  expect(new Map(settled.map((s) => [s.settlement.orderingKey, s.verdict]))).toEqual(
    new Map([
      ['a', 'busy'],
      ['b', 'applied'],
    ]),
  );
});

it('a result with \\u0000 is stored as it is; what cannot be stored fails its own job alone', async () => {
  await seedJobs(test.database, test.tenant, [{}, {}, {}]);
  const [zero, bad, good] = await claim(3);
  const { settled } = await settle(
    say(zero!, 'succeeded', { result: { kind: 'json', json: '"a\\u0000b"' } }),
    say(bad!, 'succeeded', { result: { kind: 'json', json: 'a raw \0 byte' } }),
    say(good!, 'succeeded'),
  );
  expect(settled.map((s) => s.state)).toEqual(['succeeded', 'dead', 'succeeded']);
  expect(await rowOf(zero!.jobId)).toMatchObject({ result: '"a\\u0000b"' });
  expect(String((await rowOf(bad!.jobId))['error'])).toContain('result_not_storable');
});

it('of jobs in lanes, too, what cannot be stored fails its own job alone, and the lanes go on', async () => {
  const ids = await seedJobs(test.database, test.tenant, [
    { orderingKey: 'a' },
    { orderingKey: 'b' },
    { orderingKey: 'a' },
    { orderingKey: 'b' },
  ]);
  const [bad, good] = await claim(2);
  const { settled, released } = await settle(
    say(bad!, 'succeeded', { result: { kind: 'json', json: 'a raw \0 byte' } }),
    say(good!, 'succeeded'),
  );
  expect(settled.map((s) => s.state)).toEqual(['dead', 'succeeded']);
  expect(released.map(({ jobId }) => jobId).sort()).toEqual(ids.slice(2).sort());
});

it('a lane’s turn is one round trip: BEGIN, its four statements and COMMIT are sent before an answer has come', async () => {
  await seedJobs(test.database, test.tenant, [{ orderingKey: 'k' }, { orderingKey: 'k' }]);
  const [job] = await claim(1);
  const client = await test.database.pool.connect();
  client.release();
  const answered: string[] = [];
  const sent: string[] = [];
  const wire = client.connection as unknown as EventEmitter;
  const note = (): unknown => answered.push('answer');
  wire.on('readyForQuery', note);
  const query = client.query.bind(client);
  client.query = ((config: { name?: string } | string) => {
    sent.push(typeof config === 'string' ? config : (config.name ?? ''));
    expect(answered).toEqual([]);
    return query(config as string);
  }) as typeof client.query;
  try {
    expect((await settle(say(job!, 'succeeded'))).released).toHaveLength(1);
  } finally {
    client.query = query;
    wire.off('readyForQuery', note);
  }
  expect(sent).toEqual([
    'BEGIN',
    'lock-all-lanes',
    'finish-plain-jobs',
    'place-due',
    'advance-lanes',
    'COMMIT',
  ]);
});

it('a snooze and a hand-back count as no failure', async () => {
  await seedJobs(test.database, test.tenant, [{}, {}]);
  const [a, b] = await claim(2);
  await settle(say(a!, 'snoozed', { retryAtMs: a!.claimedAtMs + 60_005 }), say(b!, 'released'));
  expect(await rowOf(a!.jobId)).toMatchObject({ state: 'scheduled', failures: 0 });
  expect(await rowOf(b!.jobId)).toMatchObject({ state: 'queued', failures: 0, attempt: 2 });
});

it("an event worker's started binds; its end in the same batch needs no binding of its own", async () => {
  test.tenant = await seedTenant(test.database, 'event');
  const [id, other] = await seedJobs(test.database, test.tenant, [{}, {}]);
  const event = (jobId: string, kind: Settlement['kind'], executionId: string): Settlement => ({
    jobId,
    attempt: 1,
    executionId,
    workerId,
    tenantId: test.tenant.tenantId,
    queue: test.tenant.queue,
    orderingKey: undefined,
    kind,
    startedAtMs: Date.now(),
    finishedAtMs: Date.now(),
  });
  const [mine, theirs] = [randomUUID(), randomUUID()];
  const first = await settle(
    event(id!, 'started', mine),
    event(other!, 'started', theirs),
    event(other!, 'succeeded', theirs),
  );
  expect(first.settled.map((s) => [s.verdict, s.state])).toEqual([
    ['applied', 'running'],
    ['applied', 'succeeded'],
    ['applied', 'succeeded'],
  ]);
  const second = await settle(event(id!, 'started', theirs), event(id!, 'started', mine));
  expect(second.settled.map((s) => s.verdict)).toEqual(['refused', 'duplicate']);
});

it('takes the first of two outcomes of an attempt that nobody owns yet, and tells what it stored', async () => {
  test.tenant = await seedTenant(test.database, 'event');
  const [id, other] = await seedJobs(test.database, test.tenant, [{}, {}]);
  const event = (jobId: string, attempt: number, json: string): Settlement => ({
    jobId,
    attempt,
    executionId: randomUUID(),
    workerId,
    tenantId: test.tenant.tenantId,
    queue: test.tenant.queue,
    orderingKey: undefined,
    kind: 'succeeded',
    startedAtMs: Date.now(),
    finishedAtMs: Date.now(),
    result: { kind: 'json', json },
  });
  const { settled } = await settle(
    event(id!, 1, '1'),
    event(id!, 1, '2'),
    event(other!, 0, '"old"'),
    event(other!, 1, '"new"'),
  );
  expect(settled.map((s) => s.verdict)).toEqual(['applied', 'refused', 'refused', 'applied']);
  expect(settled[0]!.terminal!.result).toEqual({ kind: 'json', json: '1' });
  expect(await rowOf(id!)).toMatchObject({ result: '1' });
  expect(settled[3]!.terminal!.result).toEqual({ kind: 'json', json: '"new"' });
  expect(await rowOf(other!)).toMatchObject({ result: '"new"' });
});

it('progress is kept under the fence, is an event, and the next attempt gets the checkpoint', async () => {
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  const [job] = await claim(1);
  const report = await settle(
    say(job!, 'progress', { progress: { fraction: 0.5, data: '{"row":7}', checkpoint: '{"row":7}' } }),
  );
  expect(report).toMatchObject({
    settled: [{ verdict: 'applied', state: 'running' }],
    progressed: [id],
    released: [],
  });
  expect(report.settled[0]!.terminal).toBeUndefined();
  const stranger = { executionId: randomUUID(), progress: { fraction: 0.9, checkpoint: '"stolen"' } };
  expect(await settle(say(job!, 'progress', stranger))).toMatchObject({
    settled: [{ verdict: 'refused' }],
    progressed: [],
  });
  // A checkpoint alone is no event.
  expect((await settle(say(job!, 'progress', { progress: { checkpoint: '{"row":8}' } }))).progressed).toEqual(
    [],
  );
  expect(await rowOf(id!)).toMatchObject({
    progress: 0.5,
    progress_data: '{"row":7}',
    checkpoint: '{"row":8}',
    seq: 4,
  });
  const { rows } = await test.database.pool.query(
    'SELECT seq, type, data FROM baton.job_event WHERE job_id = $1',
    [id],
  );
  expect(rows).toEqual([{ seq: 4, type: 'job.progress', data: '{"fraction":0.5,"data":{"row":7}}' }]);
  await settle(say(job!, 'released'));
  const [again] = await claim(1);
  expect(again).toMatchObject({ attempt: 2, checkpoint: '{"row":8}' });
  expect((await settle(say(job!, 'progress', { progress: { fraction: 1 } }))).settled[0]!.verdict).toBe(
    'refused',
  );
});

it('an outcome carries its last progress, and neither an earlier nor a later word of the batch is lost', async () => {
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  const [job] = await claim(1);
  const { settled, progressed } = await settle(
    say(job!, 'progress', { progress: { fraction: 0.9, checkpoint: '1' } }),
    say(job!, 'succeeded', { progress: { fraction: 1 } }),
  );
  expect(settled).toMatchObject([
    { verdict: 'applied' },
    { verdict: 'applied', state: 'succeeded', terminal: { cursor: '0:5' } },
  ]);
  expect(progressed).toEqual([id]);
  expect(await rowOf(id!)).toMatchObject({ state: 'succeeded', progress: 1, checkpoint: '1' });
});

it('progress binds no second execution in the place of the one whose outcome came first', async () => {
  const event = await seedTenant(test.database, 'event');
  const [id] = await seedJobs(test.database, event, [{}]);
  const word = (
    executionId: string,
    kind: Settlement['kind'],
    more: Partial<Settlement> = {},
  ): Settlement => ({
    jobId: id!,
    attempt: 1,
    executionId,
    workerId: randomUUID(),
    tenantId: event.tenantId,
    queue: event.queue,
    orderingKey: undefined,
    kind,
    startedAtMs: Date.now(),
    ...more,
  });
  const [first, second] = [randomUUID(), randomUUID()];
  const { settled } = await settle(
    word(first, 'succeeded', { result: { kind: 'json', json: '1' } }),
    word(second, 'succeeded', { result: { kind: 'json', json: '2' }, progress: { fraction: 1 } }),
  );
  expect(settled.map(({ verdict }) => verdict)).toEqual(['applied', 'refused']);
  expect(await rowOf(id!)).toMatchObject({ result: '1', progress: null });
});
