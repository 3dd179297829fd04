import { fromBinary } from '@bufbuild/protobuf';
import { channels, ControlSchema, Outcome } from '@baton/contracts';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import type { BrokerProducer } from '@baton/messaging';
import { eventually } from '../testing/eventually.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { inboxTopics, startInbox, type InboxTopics, type TestInbox } from '../testing/test-inbox.js';
import { executionOf, TestWorker } from '../testing/test-worker.js';

let test: TestDatabase;
let kafka: TestBroker;
let producer: BrokerProducer;
let tenant: SeededTenant;
let names: InboxTopics;
let worker: TestWorker;
const open: TestInbox[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  kafka = await testBroker();
  producer = kafka.broker.producer();
}, 120_000);
afterAll(async () => {
  await kafka.close();
  await test.close();
});
beforeEach(async () => {
  tenant = await seedTenant(test.database, 'event');
  names = await inboxTopics(kafka);
  worker = new TestWorker(producer, names.outcomes);
});
afterEach(async () => {
  for (const inbox of open.splice(0)) await inbox.close();
});

async function start(groupId?: string): Promise<TestInbox> {
  const inbox = await startInbox(test, kafka, { names, ...(groupId === undefined ? {} : { groupId }) });
  open.push(inbox);
  return inbox;
}

const seed = (...jobs: Parameters<typeof seedJobs>[2][number][]) => seedJobs(test.database, tenant, jobs);
const execution = (jobId: string | undefined) => executionOf(test.database, jobId!);

async function stateOf(jobId: string | undefined): Promise<string | undefined> {
  const { rows } = await test.database.pool.query<{ state: string }>(
    'SELECT state::text FROM baton.job WHERE id = $1 UNION ALL SELECT state::text FROM baton.job_history WHERE id = $1',
    [jobId],
  );
  return rows.map((row) => row.state).join();
}

async function workerRow(): Promise<Record<string, unknown> | undefined> {
  const { rows } = await test.database.pool.query('SELECT * FROM baton.worker WHERE id = $1', [worker.id]);
  return rows[0] as Record<string, unknown> | undefined;
}

const committed = async (groupId: string): Promise<bigint | undefined> =>
  (await kafka.broker.admin.committedOffsets(groupId, names.outcomes)).find(
    ({ partition }) => partition === 0,
  )?.offset;

it('settles what was said, tells the feed, wakes the queue of what it released, and commits', async () => {
  const [plain, first, next, retried] = await seed({}, { orderingKey: 'k' }, { orderingKey: 'k' }, {});
  const groupId = `relay-test-${worker.id}`;
  const { told, woken } = await start(groupId);
  await worker.say(worker.registered(tenant.queue), worker.ended(await execution(plain)));
  await worker.say(
    worker.ended(await execution(first)),
    worker.ended(await execution(retried), Outcome.FAILED),
  );
  await eventually('both are told', () => told.length === 2);
  expect(told.map(({ jobId, state, result }) => [jobId, state, result])).toEqual([
    [plain, 'succeeded', { kind: 'json', json: '{"done":true}' }],
    [first, 'succeeded', { kind: 'json', json: '{"done":true}' }],
  ]);
  await eventually('the failed one is to be retried', async () => (await stateOf(retried)) === 'scheduled');
  expect(await stateOf(next)).toBe('queued');
  expect(woken).toContain(`${channels.outbox} ${tenant.queue}`);
  expect(woken.some((wake) => wake.startsWith(channels.timers))).toBe(true);
  await eventually('the offsets', async () => (await committed(groupId)) === 2n);
});

it('refuses a second execution of an attempt, and tells its worker', async () => {
  const [job] = await seed({});
  const [owner, second] = [await execution(job), await execution(job)];
  const control = await kafka.follow([names.control]);
  const { told } = await start();
  await worker.say(worker.registered(tenant.queue), worker.started(owner));
  await eventually('it runs', async () => (await stateOf(job)) === 'running');
  const other = new TestWorker(producer, names.outcomes, 1);
  await other.say(other.registered(tenant.queue), other.started(second));
  await eventually('the other is told', () => control.length === 1);
  expect(control[0]!.key!.toString()).toBe(second.executionId);
  expect(fromBinary(ControlSchema, control[0]!.value!).control).toMatchObject({
    case: 'refused',
    value: { jobId: job, attempt: 1, executionId: second.executionId, workerId: other.id },
  });
  await other.say(other.ended(second, Outcome.SUCCEEDED, '"wrong"'));
  await other.say({ case: 'left', value: {} });
  await eventually('the other was heard out', async () => {
    const { rows } = await test.database.pool.query(
      `SELECT FROM baton.worker WHERE id = $1 AND state = 'left'`,
      [other.id],
    );
    return rows.length === 1;
  });
  await worker.say(worker.ended(owner));
  await eventually('the outcome', () => told.length > 0);
  expect(told.map(({ executionId }) => executionId)).toEqual([owner.executionId]);
});

it('answers who asks whether an execution may be entered: its owner while it runs, and nobody else', async () => {
  const [job, other] = await seed({}, {});
  const [owner, second, plain] = [await execution(job), await execution(job), await execution(other)];
  const asks = { asks: true };
  const control = await kafka.follow([names.control]);
  const answers = () =>
    control.map(({ value }) => {
      const { case: kind, value: told } = fromBinary(ControlSchema, value!).control;
      return kind === 'granted' || kind === 'refused' ? [kind, told.executionId, told.workerId] : kind;
    });
  await start();
  await worker.say(worker.registered(tenant.queue), worker.started(plain), worker.started(owner, asks));
  await eventually('the first is answered', () => control.length === 1);
  await worker.say(worker.started(second, asks));
  await eventually('the second is answered', () => control.length === 2);
  await worker.say(worker.started(owner, asks));
  await eventually('the repetition is answered', () => control.length === 3);
  await worker.say(worker.ended(owner, Outcome.FAILED));
  await eventually('it is over', async () => (await stateOf(job)) === 'scheduled');
  await worker.say(worker.started(owner, asks));
  await eventually('what comes too late is answered', () => control.length === 4);
  expect(answers()).toEqual([
    ['granted', owner.executionId, worker.id],
    ['refused', second.executionId, worker.id],
    ['granted', owner.executionId, worker.id],
    ['refused', owner.executionId, worker.id],
  ]);
});

it('puts aside what PostgreSQL refuses for good, refuses the execution that asks, and goes on', async () => {
  const [bad, good] = await seed({}, {});
  await test.database.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'refused by the test' USING ERRCODE = 'check_violation';
    END $$;
    CREATE TRIGGER refuse BEFORE UPDATE OR DELETE ON baton.job FOR EACH ROW WHEN (OLD.id = '${bad}') EXECUTE FUNCTION refuse()`);
  const [control, dead] = [await kafka.follow([names.control]), await kafka.follow([names.deadLetter])];
  const { told } = await start();
  const asking = await execution(bad);
  await worker.say(worker.registered(tenant.queue), worker.started(asking, { asks: true }));
  await worker.say(worker.ended(await execution(good)));
  await eventually('the good one', () => told.length === 1);
  await eventually('the bad one is told', () => control.length === 1);
  expect(fromBinary(ControlSchema, control[0]!.value!).control).toMatchObject({
    case: 'refused',
    value: { executionId: asking.executionId },
  });
  expect(dead.map((each) => each.headers['baton-dead-reason'])).toEqual([
    'it could not be settled: refused by the test',
  ]);
  await test.database.pool.query('DROP TRIGGER refuse ON baton.job; DROP FUNCTION refuse');
});

it('says again what was busy, in order, holding up nobody and committing nothing beyond', async () => {
  const [busy, free] = await seed({ orderingKey: 'k' }, {});
  const groupId = `relay-test-${worker.id}`;
  const { told } = await start(groupId);
  const run = await execution(busy);
  await worker.say(worker.registered(tenant.queue), worker.started(run));
  await eventually('it runs', async () => (await stateOf(busy)) === 'running');
  await eventually('its start is committed', async () => (await committed(groupId)) === 1n);

  const client = await test.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM baton.lane WHERE queue = $1 FOR UPDATE', [tenant.queue]);
    await worker.say(worker.ended(run));
    await worker.say(worker.started(await execution(busy))); // after the outcome: refused, were it before it would be too
    await worker.say(worker.ended(await execution(free)));
    await eventually('its neighbour', async () => (await stateOf(free)) === 'succeeded');
    expect(await stateOf(busy)).toBe('running');
    expect(await committed(groupId)).toBe(1n);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  await eventually('the busy one', async () => (await stateOf(busy)) === 'succeeded');
  await eventually('all is committed', async () => (await committed(groupId)) === 4n);
  expect(told.map(({ jobId }) => jobId)).toEqual([free, busy]);
});

it('puts undecodable bytes aside with the reason and the place, and goes on', async () => {
  const [job] = await seed({});
  const dead = await kafka.follow([names.deadLetter]);
  const { told } = await start();
  await producer.send(names.outcomes, [{ key: 'x', value: Buffer.from('garbage'), partition: 0 }]);
  await worker.say(worker.ended({ ...(await execution(job)), tenantId: 'no uuid' }));
  await worker.say(worker.ended(await execution(job)));
  await eventually('the good one', () => told.length === 1);
  await eventually('both bad ones', () => dead.length === 2);
  expect(dead[0]!.value!.toString()).toBe('garbage');
  expect(dead[0]!.headers).toMatchObject({
    'baton-dead-topic': names.outcomes,
    'baton-dead-partition': '0',
    'baton-dead-offset': '0',
    'baton-dead-reason': 'the value is no WorkerReport',
  });
  expect(dead[1]!.headers['baton-dead-reason']).toBe('tenant_id is "no uuid", which is no UUID');
});

it('keeps the workers: registered, heard, left; one given up lives when it speaks again', async () => {
  await start();
  await worker.say(worker.registered(tenant.queue));
  await eventually('its row', async () => (await workerRow()) !== undefined);
  expect(await workerRow()).toMatchObject({
    source: 'event',
    host: 'host-1',
    pid: 7,
    queues: [tenant.queue],
    state: 'alive',
    partition: 0,
  });
  await test.database.pool.query(`UPDATE baton.worker SET state = 'lost' WHERE id = $1`, [worker.id]);
  const heardAt = (await workerRow())!['heard_at'] as Date;
  await worker.say(worker.heartbeat());
  await eventually('alive again', async () => (await workerRow())!['state'] === 'alive');
  expect(((await workerRow())!['heard_at'] as Date).getTime()).toBeGreaterThan(heardAt.getTime());
  await worker.say({ case: 'left', value: {} });
  await eventually('left', async () => (await workerRow())!['state'] === 'left');
});

it("makes the queues that a worker announces, in the relay's default mode, and changes none", async () => {
  const { woken } = await start();
  const fresh = `fresh-${worker.id.slice(0, 8)}`;
  await test.database.pool.query(`UPDATE baton.queue SET dispatch_mode = 'polling' WHERE name = $1`, [
    tenant.queue,
  ]);
  await worker.say({
    case: 'registered',
    value: { host: 'h', pid: 1, queues: [tenant.queue, fresh, 'Not Allowed'] },
  });
  await eventually('its row', async () => (await workerRow()) !== undefined);
  const { rows } = await test.database.pool.query(
    'SELECT name, dispatch_mode FROM baton.queue WHERE name = ANY ($1)',
    [[tenant.queue, fresh, 'Not Allowed']],
  );
  expect(rows).toHaveLength(2);
  expect(rows).toContainEqual({ name: fresh, dispatch_mode: 'event' });
  expect(rows).toContainEqual({ name: tenant.queue, dispatch_mode: 'polling' });
  expect(woken).toEqual([`${channels.queues} ${fresh}`]);
});

it('a replay of the topic from its start settles, tells and revives nothing a second time', async () => {
  const [job, lost] = await seed({}, {});
  const first = await start();
  await worker.say(
    worker.registered(tenant.queue),
    worker.ended(await execution(job)),
    worker.started(await execution(lost)),
  );
  await eventually('told', () => first.told.length === 1);
  await eventually('running', async () => (await stateOf(lost)) === 'running');
  await open.pop()!.close();
  await test.database.pool.query(`UPDATE baton.worker SET state = 'lost' WHERE id = $1`, [worker.id]);

  const second = await start();
  const [marker] = await seed({});
  const other = new TestWorker(producer, names.outcomes);
  await other.say(other.ended(await execution(marker)));
  await eventually('the replay is over', () => second.told.some(({ jobId }) => jobId === marker));
  expect(second.told.map(({ jobId }) => jobId)).toEqual([marker]);
  expect((await workerRow())!['state']).toBe('lost');
});

it('its clock moves by ticks while workers that own something are quiet, and by nothing else', async () => {
  const progress = async (): Promise<number> => {
    const { rows } = await test.database.pool.query<{ at: Date }>(
      'SELECT reached_at AS at FROM baton.inbox_progress WHERE partition = 0',
    );
    return rows[0]?.at.getTime() ?? 0;
  };
  await test.database.pool.query('DELETE FROM baton.inbox_progress');
  const { inbox } = await start();
  await worker.say(worker.registered(tenant.queue));
  await eventually('the first words', async () => (await progress()) > 0);
  const heard = (await workerRow())!['heard_at'] as Date;
  const before = await progress();
  const beats = setInterval(() => inbox.onBeat({ pollingRuns: false, eventPartitions: [0] }), 200);
  try {
    await eventually('the clock moves on', async () => (await progress()) - before > 2_000, {
      withinMs: 8_000,
    });
  } finally {
    clearInterval(beats);
  }
  expect((await workerRow())!['heard_at']).toEqual(heard);
});

it('keeps what running jobs say of their progress and wakes their watchers; of a stranger nothing', async () => {
  const [job, short] = await seed({}, {});
  const [owner, stranger] = [await execution(job), await execution(job)];
  const { told, progressed } = await start();
  await worker.say(
    worker.registered(tenant.queue),
    worker.started(owner),
    worker.progress(owner, 0.25, { data: '{"page":1}' }),
  );
  await eventually('the first is kept', () => progressed.length === 1);
  await worker.say(
    worker.progress(stranger, 0.99, { checkpoint: '"stolen"' }),
    worker.progress(owner, 0.5, { checkpoint: '{"page":2}' }),
    worker.ended(owner, Outcome.FAILED),
  );
  // It was never announced: its progress binds it.
  const brief = await execution(short);
  await worker.say(worker.progress(brief, 1), worker.ended(brief));
  await eventually('the short one ends', () => told.length === 1);
  const row = `SELECT state::text, progress, progress_data, checkpoint FROM baton.job WHERE id = $1`;
  const { rows } = await test.database.pool.query(row, [job]);
  expect(rows).toEqual([
    { state: 'scheduled', progress: 0.5, progress_data: '{"page":1}', checkpoint: '{"page":2}' },
  ]);
  const { rows: events } = await test.database.pool.query(
    `SELECT job_id, seq, type, data FROM baton.job_event WHERE tenant_id = $1 ORDER BY job_id, seq`,
    [tenant.tenantId],
  );
  expect(events).toEqual([
    { job_id: job, seq: 4, type: 'job.progress', data: '{"fraction":0.25,"data":{"page":1}}' },
    { job_id: job, seq: 5, type: 'job.progress', data: '{"fraction":0.5}' },
    { job_id: short, seq: 4, type: 'job.progress', data: '{"fraction":1}' },
  ]);
  expect(told[0]).toMatchObject({ jobId: short, cursor: '0:5' });
  expect(progressed).toEqual([job, job, short]);
});

it('fetches no more while much is read and not settled, and goes on when half of it is', async () => {
  const ids = await seed(...Array.from({ length: 12 }, () => ({})));
  const moves: string[] = [];
  const watched = new Proxy(kafka.broker, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'consumer') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return (...args: Parameters<TestBroker['broker']['consumer']>) => {
        const consumer = target.consumer(...args);
        for (const move of ['pause', 'resume'] as const) {
          const moved = consumer[move].bind(consumer);
          consumer[move] = (partitions) => {
            if (partitions.length > 0) moves.push(move);
            moved(partitions);
          };
        }
        return consumer;
      };
    },
  });
  const session = await test.database.pool.connect();
  try {
    await session.query('BEGIN');
    await session.query('SELECT FROM baton.job WHERE queue = $1 ORDER BY id FOR UPDATE', [tenant.queue]);
    const most = { words: 4, bytes: 1_000_000 };
    const inbox = await startInbox(test, { ...kafka, broker: watched }, { names, most });
    open.push(inbox);
    for (const id of ids.slice(0, 6)) await worker.say(worker.ended(await execution(id)));
    await eventually('it fetches no more', () => moves.includes('pause'));
    for (const id of ids.slice(6)) await worker.say(worker.ended(await execution(id)));
    expect([inbox.told, moves]).toEqual([[], ['pause']]);
    await session.query('ROLLBACK');
    await eventually('all are settled', () => inbox.told.length === ids.length);
    expect(moves).toContain('resume');
  } finally {
    session.release(true);
  }
});
