import { createTestDatabase, seedTenant, type TestDatabase } from '../testing.js';
import { pumpGates } from '../limits/pump-gates.js';
import { LimitedQueue } from '../limits/limited-queue.fixture.js';

let test: TestDatabase;
let queue: LimitedQueue;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  queue = new LimitedQueue(test, await seedTenant(test.database));
});
afterEach(async () => {
  await queue.acceptor.drain();
  for (const { key, running, holders } of await queue.gates())
    expect({ key, running }).toEqual({ key, running: holders });
});

const idsOf = (jobs: readonly { jobId: string }[] = []): string[] => jobs.map(({ jobId }) => jobId);
const change = (text: string, values: unknown[]) => test.database.pool.query(text, values);
/** Whoever waits for a claim has begun to only now, however slow the machine is. */
const justQueued = () =>
  change(
    `UPDATE baton.job SET queued_at = baton.now() + interval '1 h' WHERE queue = $1 AND state = 'queued'`,
    [queue.tenant.queue],
  );

it('hands a freed slot’s next job to the worker that settles, released and claimed in one', async () => {
  await queue.set({ concurrency_total: 1 });
  const [, second, third] = await queue.post([{}, {}, {}]);
  const [job] = await queue.claim();
  const { handed, released } = await queue.settleOffering(3, [queue.say(job!)]);
  expect(released).toEqual([]);
  expect(handed).toMatchObject([{ jobId: second, attempt: 1, follows: true, payload: job!.payload }]);
  expect(await queue.states()).toEqual({ running: 1, 'held concurrency': 1 });
  const { rows } = await change(
    'SELECT seq, queued_seq AS queued, started_seq AS started, execution_id AS execution FROM baton.job WHERE id = $1',
    [second],
  );
  expect(rows).toEqual([{ seq: 4, queued: 3, started: 4, execution: handed![0]!.executionId }]);
  const next = await queue.settleOffering(1, [queue.say(handed![0]!)]);
  expect(next.settled[0]).toMatchObject({ verdict: 'applied', state: 'succeeded' });
  expect(idsOf(next.handed)).toEqual([third]);
});

it('hands a lane’s next to it, and what has passed its key’s gate and its queue’s', async () => {
  await queue.set({ concurrency_total: 2, concurrency_per_key: 1 });
  const [first, second] = await queue.post([{ orderingKey: 'k' }, { orderingKey: 'k' }]);
  const [job] = await queue.claim();
  expect(job!.jobId).toBe(first);
  expect(idsOf((await queue.settleOffering(1, [queue.say(job!)])).handed)).toEqual([second]);
});

it('hands on as many as there are slots offered, the most urgent first; the others are claimed', async () => {
  await queue.set({ concurrency_total: 3 });
  const ids = await queue.post([{}, {}, {}, {}, {}, { priority: 0 }]);
  const jobs = await queue.claim();
  const { handed, released } = await queue.settleOffering(
    1,
    jobs.map((job) => queue.say(job)),
  );
  expect(idsOf(handed)).toEqual([ids[5]]);
  expect(idsOf(released).sort()).toEqual([ids[3], ids[4]]);
  expect(idsOf(await queue.claim()).sort()).toEqual([ids[3], ids[4]]);
});

it('hands nothing to a worker that was given up, nor waits while its row is locked: the job is claimed', async () => {
  await queue.set({ concurrency_total: 1 });
  const [, second, third] = await queue.post([{}, {}, {}]);
  const [job] = await queue.claim();
  const rescue = await test.database.pool.connect();
  await rescue.query('BEGIN');
  await rescue.query(`UPDATE baton.worker SET state = 'lost' WHERE $1 = ANY (queues)`, [queue.tenant.queue]);
  const during = await queue.settleOffering(1, [queue.say(job!)]);
  expect([during.handed, idsOf(during.released)]).toEqual([[], [second]]);
  await rescue.query('ROLLBACK');
  rescue.release();
  const [next] = await queue.claim();
  await change(`UPDATE baton.worker SET state = 'lost' WHERE $1 = ANY (queues)`, [queue.tenant.queue]);
  const after = await queue.settleOffering(1, [queue.say(next!)]);
  expect([after.handed, idsOf(after.released)]).toEqual([[], [third]]);
});

it.each([
  ['that has waited for a worker for some time', 0, 501],
  ['that is more urgent', 1, 0],
])('hands on nothing past a job of the queue %s', async (_, lessUrgent, waitedMs) => {
  await queue.set({ concurrency_total: 2 });
  const [, waits, third] = await queue.post([{}, {}, {}]);
  await change('UPDATE baton.job SET priority = priority + $2 WHERE id = $1', [third, lessUrgent]);
  const [job] = await queue.claim(1);
  await test.shiftClock(waitedMs);
  const { handed, released } = await queue.settleOffering(1, [queue.say(job!)]);
  expect([handed, idsOf(released)]).toEqual([[], [third]]);
  expect(idsOf(await queue.claim(1))).toEqual([waits]);
});

it('hands on past one that has just come to wait for a claim, as some job of a busy queue always does', async () => {
  await queue.set({ concurrency_total: 2 });
  const [, waits, third] = await queue.post([{}, {}, {}]);
  const [job] = await queue.claim(1);
  await justQueued();
  expect(idsOf((await queue.settleOffering(1, [queue.say(job!)])).handed)).toEqual([third]);
  expect(idsOf(await queue.claim(1))).toEqual([waits]);
});

it('of a rate, fills up to the burst, and hands on besides: what is handed on is ahead of nobody', async () => {
  await queue.set({ rate_limit: 1_000, rate_per_ms: 1, rate_burst: 4 });
  await queue.post(Array.from({ length: 12 }, () => ({})));
  const first = await queue.claim(2);
  expect(await queue.states()).toEqual({ running: 2, queued: 2, 'held rate': 8 });
  await justQueued();
  const say = (jobs: Parameters<typeof queue.say>[0][]) => jobs.map((job) => queue.say(job));
  const { handed, released } = await queue.settleOffering(2, say(first));
  expect([handed?.length, released.length]).toEqual([2, 2]);
  expect(await queue.states()).toEqual({ running: 2, queued: 4, 'held rate': 4 });
  // Who is busy takes no more than a burst ahead, and hands on nothing past what has waited for long.
  await test.shiftClock(60 * 60_000 + 501);
  const after = await queue.settleOffering(2, say(handed!));
  expect([after.handed, after.released]).toEqual([[], []]);
  await queue.claim(3);
  await test.shiftClock(1_000);
  await pumpGates(test.database.pool, 100);
  expect(await queue.states()).toEqual({ running: 3, queued: 4, 'held rate': 1 });
});

it.each([
  [
    'whose queue is in event mode',
    "UPDATE baton.queue SET dispatch_mode = 'event' WHERE name = $2 AND $1::uuid IS NOT NULL",
  ],
  ['that is to run alone', 'UPDATE baton.job SET careful = true WHERE id = $1 AND queue = $2'],
  ['that gets its parents’ results', 'UPDATE baton.job SET parents = 1 WHERE id = $1 AND queue = $2'],
])('hands on no job %s', async (_, text) => {
  await queue.set({ concurrency_total: 1 });
  const [, second] = await queue.post([{}, {}]);
  const [job] = await queue.claim();
  await change(text, [second, queue.tenant.queue]);
  const { handed, released } = await queue.settleOffering(1, [queue.say(job!)]);
  expect([handed, idsOf(released)]).toEqual([[], [second]]);
});

it('hands on nothing that was given back: who gives back wants no more', async () => {
  await queue.set({ concurrency_total: 1 });
  const [first] = await queue.post([{}]);
  const { handed, released } = await queue.settleOffering(1, [
    queue.say((await queue.claim())[0]!, 'released'),
  ]);
  expect([handed, idsOf(released)]).toEqual([[], [first]]);
});
