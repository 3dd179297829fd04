import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/client';
import { JobEntity, JobHistoryEntity, ScheduleEntity } from '@baton/persistence/entities';
import { expectTrace, toMatchGolden, traceTree } from '@baton/tracing/testing';
import { Fleet } from '../harness/fleet.js';
import { holdingBackVacuum, shardHolders } from '../harness/database-facts.js';
import { allSettled, factsOf, running } from '../harness/job-facts.js';
import { traceOf } from '../harness/traces.js';
import { until } from '../harness/until.js';

expect.extend({ toMatchGolden });
const golden = (name: string): string => fileURLToPath(new URL(`../goldens/${name}.txt`, import.meta.url));

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;

beforeAll(async () => {
  fleet = await Fleet.start({ services: ['producer', 'result-gateway', 'relay', 'event-worker'] });
  ({ client, apiKey } = await fleet.tenant());
  for (const queue of ['echo', 'sleep']) await fleet.setMode(apiKey, queue, 'event');
});
afterAll(() => fleet?.stop());

const relays = () => fleet.processes.filter((process) => process.app === 'relay' && !process.ended);
const post = async (count: number): Promise<string[]> =>
  (await Promise.all(Array.from({ length: count }, (_, n) => client.enqueue('echo', n)))).map(({ id }) => id);

it('a relay that is killed loses nothing: another takes its shards over within 2 s', async () => {
  const [first] = relays();
  await fleet.start('relay');
  await until(async () => (await shardHolders(fleet)).size === 2, {
    ms: 20_000,
    what: 'the shards to be shared',
  });
  const before = await post(200);
  const killedAt = Date.now();
  first!.kill();
  const during = await post(200);
  await until(async () => (await shardHolders(fleet)).size === 1, { ms: 20_000, what: 'the takeover' });
  expect(Date.now() - killedAt).toBeLessThan(4_000); // promised 2 s; 2 s more for a busy machine, and a frozen one takes 10 s
  const ended = await allSettled(fleet, [...before, ...during], 30_000);
  expect(ended.every((job) => job.state === 'succeeded')).toBe(true);
  const job = await client.enqueue('echo', 1);
  await client.wait(job, { timeoutMs: 20_000 });
  const spans = await traceOf(fleet.sink, job.id);
  expectTrace(spans, { jobId: job.id, mode: 'event' });
  expect(traceTree(spans, { normalise: true })).toMatchGolden(golden('event-relay-killed'));
});

it('a leader that was stopped and goes on again publishes nothing twice that counts', async () => {
  const [frozen] = relays();
  await fleet.start('relay');
  await until(async () => (await shardHolders(fleet)).size === 2, {
    ms: 20_000,
    what: 'the shards to be shared',
  });
  const ids = await post(100);
  frozen!.freeze();
  ids.push(...(await post(100)));
  await until(async () => (await shardHolders(fleet)).size === 1, {
    ms: 40_000,
    what: 'the standby to take over',
  });
  ids.push(...(await post(100)));
  await allSettled(fleet, ids, 30_000);
  frozen!.thaw();
  ids.push(...(await post(100)));
  await until(async () => (await shardHolders(fleet)).size === 2, {
    ms: 30_000,
    what: 'the shards to be shared again',
  });
  const ended = await allSettled(fleet, ids, 30_000);
  expect(ended.every((job) => job.state === 'succeeded' && job.attempt === 1)).toBe(true);
});

it('a schedule fires each of its runs once, though each relay in turn is stopped and goes on again', async () => {
  const orm = await fleet.database.orm();
  const schedules = orm.getRepository(ScheduleEntity);
  const schedule = `${fleet.the('producer').url}/v1/schedules/each-second`;
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const settings = { cron: '* * * * * *', queue: 'echo', payload: 'tick', catchUp: 'all' };
  const put = await fetch(schedule, { method: 'PUT', headers, body: JSON.stringify(settings) });
  expect(put.status).toBe(201);
  const first = (await schedules.findOneByOrFail({ name: 'each-second' })).nextAt!;
  const lastRun = async () => (await schedules.findOneByOrFail({ name: 'each-second' })).lastAt ?? first;
  for (const relay of relays()) {
    relay.freeze();
    const since = Date.now();
    await until(async () => (await lastRun()).getTime() > since + 2_000, {
      ms: 40_000,
      what: 'the schedule to go on without it',
    });
    relay.thaw();
    await until(async () => (await shardHolders(fleet)).size === 2, {
      ms: 30_000,
      what: 'the shards to be shared again',
    });
  }
  await fetch(`${schedule}/pause`, { method: 'POST', headers });
  const runs = ((await lastRun()).getTime() - first.getTime()) / 1_000 + 1;
  const ticks = () => orm.getRepository(JobHistoryEntity).findBy({ payload: '"tick"' });
  await until(async () => (await ticks()).length >= runs, { ms: 30_000, what: 'all runs to end' });
  expect(await ticks()).toHaveLength(runs);
  expect(await orm.getRepository(JobEntity).countBy({ payload: '"tick"' })).toBe(0);
});

it('relays that were away for longer than a worker may be silent rescue nobody', async () => {
  const job = await client.enqueue('sleep', { ms: 14_000 });
  await running(fleet, job.id);
  await Promise.all(relays().map((relay) => relay.stop()));
  await new Promise((resolve) => setTimeout(resolve, 9_000)); // the fault itself: nobody reads the outcomes for longer than 6 s
  await fleet.start('relay');
  await client.wait(job, { timeoutMs: 40_000 });
  const { ended, attempts } = await factsOf(fleet, [job.id]);
  expect(ended[0]).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect(attempts).toEqual([]);
});

it('jobs are accepted while Kafka is down, and dispatched when it is back', async () => {
  const kafka = fleet.stack.server('kafka');
  await kafka.stop();
  const ids = await post(100);
  expect((await factsOf(fleet, ids)).live.map((job) => job.state)).toEqual(ids.map(() => 'queued'));
  await kafka.start();
  const ended = await allSettled(fleet, ids, 60_000);
  expect(ended.every((job) => job.state === 'succeeded')).toBe(true);
});

it('no session of Baton holds VACUUM back, standbys included', async () => {
  await fleet.start('relay');
  await fleet.start('relay');
  await post(200);
  // Looked at for longer than any session may hold a snapshot.
  const end = Date.now() + 11_000;
  while (Date.now() < end) {
    expect(await holdingBackVacuum(fleet, 10_000)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(await holdingBackVacuum(fleet, 0)).toEqual([]);
});
