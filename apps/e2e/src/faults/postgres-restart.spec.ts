import type { BatonClient } from '@baton/client';
import { timing } from '@baton/contracts';
import { auditJobs } from '@baton/persistence';
import { pastRestartGrace } from '../harness/database-facts.js';
import { Fleet } from '../harness/fleet.js';
import { allSettled, factsOf, runnerOf } from '../harness/job-facts.js';
import { until } from '../harness/until.js';

let fleet: Fleet;
let client: BatonClient;

beforeAll(async () => {
  fleet = await Fleet.start({
    kafka: false,
    services: ['producer', 'result-gateway', 'relay', 'polling-worker'],
  });
  ({ client } = await fleet.tenant());
});
afterAll(() => fleet?.stop());

it('a restart of PostgreSQL makes no running job run twice, and all services go on', async () => {
  // One outlasts the grace in which nobody is rescued, some end while PostgreSQL is away, some soon after.
  const long = await client.enqueue('sleep', { ms: timing.rescueGraceMs + 5_000 });
  const runner = await runnerOf(fleet, long.id);
  const short = await Promise.all(
    [3_000, 4_000, 5_000, 8_000, 10_000].map((ms) => client.enqueue('sleep', { ms })),
  );
  const ids = [long, ...short].map(({ id }) => id);
  await until(async () => (await factsOf(fleet, ids)).live.every(({ state }) => state === 'running'), {
    ms: 20_000,
    what: 'all jobs to run',
  });
  const postgres = fleet.stack.server('postgres');
  await postgres.stop();
  // The worker is late: its session is missing for longer than a dead one's may be, and its jobs are left to it.
  runner.freeze();
  await postgres.start();
  const lateUntil = Date.now() + 4_000;
  await until(() => Date.now() > lateUntil, { ms: 10_000, what: 'the worker to be late' });
  runner.thaw();
  const after = await until(() => client.enqueue('echo', 'after').catch(() => undefined), {
    ms: 20_000,
    everyMs: 100,
    what: 'the producer to take jobs again',
  });
  expect(await client.wait(after, { timeoutMs: 30_000 })).toBe('after');
  await Promise.all(fleet.processes.map((process) => process.ready()));
  await pastRestartGrace(fleet);
  const ended = await allSettled(fleet, [...ids, after.id], 60_000);
  for (const job of ended) expect(job).toMatchObject({ state: 'succeeded', attempt: 1, failures: 0 });
  expect((await factsOf(fleet, ids)).attempts).toEqual([]);
  expect(fleet.processes.filter((process) => process.ended)).toEqual([]);
  expect(await auditJobs(fleet.database.pool)).toEqual({ places: {}, unaccounted: 0, examples: [] });
});
