import { shardCount, timersShard } from '@baton/contracts';
import { createTestDatabase, type TestDatabase } from '@baton/persistence/testing';
import { childLeader, type ChildLeader } from '../testing/child-leader.js';
import { deferred } from '../testing/deferred.js';
import { eventually } from '../testing/eventually.js';
import { testReplica, type TestReplica } from '../testing/replica.js';

let test: TestDatabase;
const replicas: TestReplica[] = [];
const children: ChildLeader[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
afterEach(async () => {
  for (const child of children.splice(0)) await child.end();
  for (const { leadership } of replicas.splice(0)) await leadership.stop();
});

async function start(options: { staleMs?: number; beatMs?: number } = {}): Promise<TestReplica> {
  const replica = testReplica(test.url, options);
  replicas.push(replica);
  await replica.leadership.start();
  return replica;
}

async function startChild(staleMs: number): Promise<ChildLeader> {
  const child = childLeader(test.url, staleMs);
  children.push(child);
  await eventually('the child leads', () =>
    child.said.some((line) => line.shards?.length === shardCount + 1),
  );
  return child;
}

const all = shardCount + 1;
const leads = ({ leadership }: TestReplica): number => leadership.shards.length;

it('a lone replica leads every shard, and its epochs rise with each leader', async () => {
  const first = await start();
  await eventually('all shards', () => leads(first) === all);
  const epoch = first.leadership.epochOf(3)!;
  await replicas.pop()!.leadership.stop();
  expect(first.leadership.epochOf(3)).toBeUndefined();
  const second = await start();
  await eventually('all shards', () => leads(second) === all);
  expect(second.leadership.epochOf(3)).toBe(epoch + 1);
});

it('two replicas share the shards, a third joins, one leaves, and none is led twice', async () => {
  const a = await start();
  await eventually('all shards', () => leads(a) === all);
  const b = await start();
  await eventually('halves', () => leads(a) + leads(b) === all && Math.abs(leads(a) - leads(b)) <= 1);
  const c = await start();
  await eventually(
    'thirds',
    () => leads(a) + leads(b) + leads(c) === all && Math.min(leads(a), leads(b), leads(c)) >= 20,
  );
  const led = [a, b, c].flatMap(({ leadership }) => leadership.shards);
  expect(new Set(led).size).toBe(all);
  expect(led).toContain(timersShard);
  replicas.splice(replicas.indexOf(b), 1);
  await b.leadership.stop();
  await eventually('halves again', () => leads(a) + leads(c) === all, { withinMs: 3_000 });
});

it('surplus shards are given back only after the followers let go of them', async () => {
  const a = await start();
  await eventually('all shards', () => leads(a) === all);
  const letGo = deferred<void>();
  const asked = deferred<readonly number[]>();
  a.leadership.follow({
    releaseShards: (shards) => {
      asked.resolve(shards);
      return letGo.promise;
    },
  });
  const b = await start();
  const [shard] = await asked.promise;
  const taken = () => b.leadership.shards.includes(shard!);
  await eventually('two more beats of the other', countBeats(b, 2));
  expect(a.leadership.epochOf(shard!)).toBeDefined();
  expect(taken()).toBe(false);
  letGo.resolve();
  await eventually('the shard is taken', taken);
});

function countBeats({ leadership }: TestReplica, wanted: number): () => boolean {
  let beats = 0;
  leadership.follow({ onBeat: () => void beats++ });
  return () => beats >= wanted;
}

it('a killed leader is followed within 2 s', async () => {
  const child = await startChild(10_000);
  const standby = await start();
  await eventually('the standby knows its share', () => leads(standby) === shardCount / 2, {
    withinMs: 5_000,
  });
  child.process.kill('SIGKILL');
  const took = await eventually('all shards', () => leads(standby) === all, { withinMs: 5_000 });
  expect(took).toBeLessThan(2_000);
});

it('a leader whose session is ended has lost its shards before another has them', async () => {
  const a = await start();
  await eventually('all shards', () => leads(a) === all);
  const b = await start();
  await eventually('half', () => leads(b) === shardCount / 2);
  const lost = deferred<readonly number[]>();
  a.leadership.follow({ onShardsLost: lost.resolve });
  const epochs = new Map(a.leadership.shards.map((shard) => [shard, a.leadership.epochOf(shard)!]));
  await test.database.pool.query('SELECT pg_terminate_backend($1)', [a.backendPid()]);
  expect(await lost.promise).toEqual([...epochs.keys()]);
  expect([...epochs.keys()].every((shard) => a.leadership.epochOf(shard) === undefined)).toBe(true);
  await eventually('shared again', () => leads(a) + leads(b) === all, { withinMs: 3_000 });
  const retaken = [...epochs].filter(([shard]) => a.leadership.epochOf(shard) !== undefined);
  for (const [shard, epoch] of retaken) expect(a.leadership.epochOf(shard)).toBeGreaterThan(epoch);
});

it('a frozen leader is deposed when its row is stale, and knows of it when it wakes', async () => {
  const staleMs = 1_500;
  const child = await startChild(staleMs);
  const standby = await start({ staleMs });
  await eventually('the standby knows its share', () => leads(standby) === shardCount / 2, {
    withinMs: 5_000,
  });
  child.process.kill('SIGSTOP');
  await eventually('all shards', () => leads(standby) === all, { withinMs: staleMs + 3_000 });
  child.process.kill('SIGCONT');
  await eventually('the woken one lost its shards', () =>
    child.said.some((line) => (line.lost?.length ?? 0) > 0),
  );
});

it('stops to lead by itself when no beat succeeds, before it knows that its session is of no use', async () => {
  const a = await start({ staleMs: 1_000, beatMs: 100 });
  await eventually('all shards', () => leads(a) === all);
  const lost = { told: false };
  a.leadership.follow({ onShardsLost: () => void (lost.told = true) });
  // Another transaction holds its row, so that the beat waits, as it would on a dead network.
  const client = await test.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM baton.relay_replica WHERE id = $1 FOR UPDATE', [a.id]);
    await eventually('no epoch', () => a.leadership.epochOf(0) === undefined);
    expect(lost.told).toBe(false);
    expect(leads(a)).toBe(all);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  await eventually('it leads again', () => a.leadership.epochOf(0) !== undefined);
});

it('standbys hold no snapshot: VACUUM removes what is dead', async () => {
  const first = await start();
  await eventually('it leads all', () => leads(first) === all);
  const letGo = deferred<void>();
  first.leadership.follow({ releaseShards: () => letGo.promise }); // so that the others stand by, wanting shards
  const standbys = [await start(), await start(), await start()];
  for (const standby of standbys) await eventually('each asks', countBeats(standby, 2));
  const { pool } = test.database;
  await pool.query('CREATE TABLE rubbish AS SELECT generate_series(1, 1000) AS n');
  await pool.query('DELETE FROM rubbish');
  await pool.query('VACUUM rubbish');
  const left = await pool.query<{ bytes: number }>(`SELECT pg_relation_size('rubbish') AS bytes`);
  expect(left.rows[0]!.bytes).toBe(0);
  const held = await pool.query(
    `SELECT state, wait_event FROM pg_stat_activity WHERE application_name = 'baton-relay-leader'
       AND datname = current_database() AND (backend_xmin IS NOT NULL OR wait_event_type = 'Lock')`,
  );
  expect(held.rows).toEqual([]);
  expect(standbys.reduce((sum, standby) => sum + leads(standby), 0)).toBe(0);
  letGo.resolve();
});

it('at rest a replica asks less than once a second', async () => {
  const a = await start();
  await eventually('all shards', () => leads(a) === all);
  const beats = { count: 0 };
  a.leadership.follow({ onBeat: () => void beats.count++ });
  const ms = await eventually('three beats', () => beats.count === 3);
  expect(ms).toBeGreaterThan(2 * 1_050);
});
