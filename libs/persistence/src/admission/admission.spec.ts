import pg from 'pg';
import { releaseDue } from '../relay/release-due.js';
import { useTestDatabase, seedJobs } from '../testing.js';
import { admitEnqueued } from './admit-enqueued.js';

const test = useTestDatabase();
let caller: pg.Client;

beforeEach(async () => {
  caller = new pg.Client({ connectionString: test.url });
  await caller.connect();
});
afterEach(() => caller.end());

async function enqueue(
  payload: string,
  options: object = {},
  { to = test.tenant.tenantId, queue = test.tenant.queue } = {},
): Promise<string> {
  const { rows } = await caller.query<{ id: string }>('SELECT baton.enqueue($1, $2, $3, $4) AS id', [
    to,
    queue,
    payload,
    options,
  ]);
  return rows[0]!.id;
}

async function row(id: string): Promise<Record<string, unknown>> {
  const { rows } = await test.database.pool.query<Record<string, unknown>>(
    'SELECT * FROM baton.job WHERE id = $1',
    [id],
  );
  return rows[0] ?? {};
}

async function letGo(): Promise<void> {
  await admitEnqueued(test.database.pool, 100);
  await releaseDue(test.database.pool, 100);
}

it('a job is accepted if and only if the caller commits', async () => {
  await caller.query('BEGIN');
  const id = await enqueue('{"a":"\\u0000"}');
  expect(await row(id)).toEqual({});
  await caller.query('COMMIT');
  expect(await row(id)).toMatchObject({
    state: 'held',
    reason: 'admission',
    payload: '{"a":"\\u0000"}',
    seq: 2,
    max_attempts: 5,
    timeout_ms: 300_000,
  });
  await letGo();
  expect(await row(id)).toMatchObject({ state: 'queued', reason: null, attempt: 1, mode: 'polling' });
  await caller.query('BEGIN');
  const undone = await enqueue('1');
  await caller.query('ROLLBACK');
  expect(await row(undone)).toEqual({});
});

it('its NOTIFY comes at the commit, and not before', async () => {
  const listener = new pg.Client({ connectionString: test.url });
  await listener.connect();
  await listener.query('LISTEN baton_admission');
  const heard = new Promise((resolve) => listener.once('notification', resolve));
  await caller.query('BEGIN');
  await enqueue('1');
  await enqueue('2');
  const first = await Promise.race([heard, listener.query('SELECT 1').then(() => 'nothing')]);
  expect(first).toBe('nothing');
  await caller.query('COMMIT');
  expect(await heard).toMatchObject({ channel: 'baton_admission' });
  await listener.end();
});

it('a caller that holds its transaction open delays nobody else', async () => {
  await caller.query('BEGIN');
  const open = await enqueue('1', { orderingKey: 'k' });
  const other = new pg.Client({ connectionString: test.url });
  await other.connect();
  const { rows } = await other.query<{ id: string }>('SELECT baton.enqueue($1, $2, $3, $4) AS id', [
    test.tenant.tenantId,
    test.tenant.queue,
    '2',
    { orderingKey: 'k' },
  ]);
  await other.end();
  const [inLane, plain] = await seedJobs(test.database, test.tenant, [{ orderingKey: 'k2' }, {}]);
  await letGo();
  expect((await row(rows[0]!.id)).state).toBe('queued');
  expect([(await row(inLane!)).state, (await row(plain!)).state]).toEqual(['queued', 'queued']);
  // What it holds is the row that nobody else can see: no lane, queue or counter.
  const locks = await test.database.pool.query(
    `SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = $1 AND relation IS NOT NULL
     AND mode NOT IN ('AccessShareLock', 'RowExclusiveLock')`,
    [(caller as unknown as { processID: number }).processID],
  );
  expect(locks.rows).toEqual([]);
  await caller.query('COMMIT');
  await letGo();
  expect(await row(open)).toMatchObject({ state: 'held', reason: 'lane' });
});

it('jobs of one transaction and one key keep the order in which they were enqueued', async () => {
  await caller.query('BEGIN');
  const ids: string[] = [];
  for (let n = 0; n < 40; n++) ids.push(await enqueue(String(n), { orderingKey: 'k' }));
  await caller.query('COMMIT');
  await letGo();
  const { rows } = await test.database.pool.query<{ id: string }>(
    `SELECT id FROM baton.job WHERE queue = $1 AND ordering_key = 'k' ORDER BY lane_place NULLS FIRST`,
    [test.tenant.queue],
  );
  expect(rows.map(({ id }) => id)).toEqual(ids);
});

it('takes what a job has, spelled as the API has it', async () => {
  const id = await enqueue('[]', {
    priority: 'high',
    orderingKey: 'o',
    concurrencyKey: 'c',
    delay: '1h',
    maxAttempts: 3,
    timeout: '2m',
    expectWithin: 60_000,
    metadata: { a: 'b' },
    backoff: { type: 'list', delays: ['1s', 2_000] },
  });
  expect(await row(id)).toMatchObject({
    priority: 0,
    ordering_key: 'o',
    concurrency_key: 'c',
    max_attempts: 3,
    timeout_ms: 120_000,
    expect_ms: 60_000,
    metadata: { a: 'b' },
    backoff: { type: 'list', delays: [1_000, 2_000] },
  });
  await letGo();
  const { state, run_at, created_at } = (await row(id)) as { state: string; run_at: Date; created_at: Date };
  expect([state, run_at.getTime() - created_at.getTime()]).toEqual(['scheduled', 3_600_000]);
  const exponential = await enqueue('0', {
    backoff: { type: 'exponential', delay: '5s' },
    runAt: '2020-01-01T02:00:00+02:00',
  });
  expect(await row(exponential)).toMatchObject({
    backoff: { type: 'exponential', delay: 5_000, factor: 2, max: 3_600_000, jitter: 0.2 },
    run_at: new Date('2020-01-01T00:00:00Z'),
  });
});

it('knows a tenant by its name too, and takes jsonb', async () => {
  const { rows } = await caller.query<{ id: string }>(
    `SELECT baton.enqueue($1, $2, jsonb_build_object('n', 1)) AS id`,
    [`t-${test.tenant.tenantId}`, test.tenant.queue],
  );
  expect(await row(rows[0]!.id)).toMatchObject({ tenant_id: test.tenant.tenantId, payload: '{"n": 1}' });
});

it.each<[string, string, object, RegExp]>([
  ['an unknown option', '1', { colour: 'red' }, /option "colour" is not known.*\(invalid_request\)/],
  ['a priority that is none', '1', { priority: 'urgent' }, /got "urgent".*\(invalid_request\)/],
  ['a payload that is not JSON', '{', {}, /not JSON \(invalid_json\)/],
  ['a large payload', `"${'x'.repeat(262_143)}"`, {}, /262145 bytes.*\(payload_too_large\)/],
  ['both runAt and delay', '1', { runAt: '2020-01-01T00:00:00Z', delay: 1 }, /delay must be left out/],
  ['a time that is none', '1', { runAt: 'tomorrow' }, /runAt must be.*"tomorrow"/],
  ['a day that is none', '1', { runAt: '2020-02-31T00:00:00Z' }, /runAt must be/],
  ['a time beyond a year', '1', { runAt: '2999-01-01T00:00:00Z' }, /a year ahead/],
  ['a duration that is none', '1', { delay: '5 minutes' }, /delay must be a duration.*"5 minutes"/],
  ['a timeout over a day', '1', { timeout: '25h' }, /timeout must be a duration/],
  ['no attempts', '1', { maxAttempts: 0 }, /maxAttempts must be.*got 0/],
  ['a backoff that is none', '1', { backoff: { type: 'random' } }, /backoff must be/],
  [
    "another backoff's field",
    '1',
    { backoff: { type: 'fixed', delay: 1, factor: 2 } },
    /backoff.factor is not known/,
  ],
  [
    'a long ordering key',
    '1',
    { orderingKey: 'é'.repeat(128) },
    /orderingKey must be a text of 1 to 255 bytes/,
  ],
  ['metadata that is not flat', '1', { metadata: { a: {} } }, /metadata must be/],
])('refuses %s, in words', async (_what, payload, options, message) => {
  await expect(enqueue(payload, options)).rejects.toMatchObject({
    code: '22023',
    message: expect.stringMatching(message),
  });
});

it('refuses a queue and a tenant that are not there', async () => {
  await expect(enqueue('1', {}, { queue: 'nowhere' })).rejects.toThrow(
    /no queue "nowhere".*\(unknown_queue\)/,
  );
  await expect(enqueue('1', {}, { to: 'nobody' })).rejects.toThrow(/no tenant "nobody" \(not_found\)/);
});

it('refuses what its queue does not take: one that drains, one whose backlog is full', async () => {
  const set = (what: string) =>
    test.database.pool.query(`UPDATE baton.queue SET ${what} WHERE name = $1`, [test.tenant.queue]);
  await set('draining_at = baton.now()');
  await expect(enqueue('1')).rejects.toThrow(/is draining and takes no new jobs.*\(state_conflict\)/);
  await set('draining_at = NULL, max_backlog = 2');
  await seedJobs(test.database, test.tenant, [{}]);
  await enqueue('1');
  await seedJobs(test.database, test.tenant, [{}]);
  await expect(enqueue('1')).rejects.toThrow(/maxBacklog of 2 jobs waits \(queue_backlogged\)/);
});

it.each(['unique', 'dependsOn', 'webhook'])('refuses %s by name', async (option) => {
  await expect(enqueue('1', { [option]: {} })).rejects.toThrow(`option "${option}" is not known`);
});

it("continues its caller's trace, and begins one where there is none", async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const ids = [await enqueue('1', { traceparent }), await enqueue('2'), await enqueue('3')];
  await letGo();
  const [joined, own, other] = await Promise.all(
    ids.map(async (id) => (await row(id)).traceparent as string),
  );
  expect(joined!.slice(3, 35)).toBe(traceparent.slice(3, 35));
  for (const made of [own!, other!]) expect(made).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-0[01]$/);
  expect(own).not.toBe(other);
});

it('a role that was not granted it may not call it', async () => {
  await caller.query('CREATE ROLE stranger');
  try {
    await caller.query('GRANT USAGE ON SCHEMA baton TO stranger');
    await caller.query('SET ROLE stranger');
    await expect(enqueue('1')).rejects.toMatchObject({ code: '42501' });
    await caller.query('RESET ROLE');
    await caller.query('GRANT EXECUTE ON FUNCTION baton.enqueue(text, text, text, jsonb) TO stranger');
    await caller.query('SET ROLE stranger');
    expect(await enqueue('1')).toMatch(/^[\da-f-]{36}$/);
  } finally {
    await caller.query('RESET ROLE');
    await caller.query('DROP OWNED BY stranger');
    await caller.query('DROP ROLE stranger');
  }
});
