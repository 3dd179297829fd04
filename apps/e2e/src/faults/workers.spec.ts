import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/client';
import type { DispatchMode } from '@baton/contracts';
import { spanNames } from '@baton/tracing';
import { expectTrace, toMatchGolden, traceTree } from '@baton/tracing/testing';
import { Fleet } from '../harness/fleet.js';
import { pastRestartGrace } from '../harness/database-facts.js';
import { allSettled, factsOf, runnerOf, running } from '../harness/job-facts.js';
import { isOf, traceOf } from '../harness/traces.js';
import { until } from '../harness/until.js';

expect.extend({ toMatchGolden });

const workerOf = { polling: 'polling-worker', event: 'event-worker' } as const;
const golden = (name: string): string => fileURLToPath(new URL(`../goldens/${name}.txt`, import.meta.url));

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;

beforeAll(async () => {
  fleet = await Fleet.start({ services: ['producer', 'result-gateway', 'relay'] });
  ({ client, apiKey } = await fleet.tenant());
});
afterAll(() => fleet?.stop());

async function useMode(mode: DispatchMode): Promise<void> {
  for (const queue of ['sleep', 'echo']) await fleet.setMode(apiKey, queue, mode);
}

/** All workers of the test before end, so that the next one knows who runs what. */
async function endWorkers(): Promise<void> {
  await Promise.all(
    fleet.processes.filter((process) => process.app === 'worker').map((process) => process.end()),
  );
}
afterEach(endWorkers);

it.each(['polling', 'event'] as const)(
  'SIGTERM drains a %s worker: what does not finish is handed back at once, without a failure',
  async (mode) => {
    const grace = { DRAIN_GRACE_MS: '500' };
    await Promise.all([fleet.start(workerOf[mode], grace), fleet.start(workerOf[mode], grace)]);
    await useMode(mode);
    const job = await client.enqueue('sleep', { ms: 6_000 });
    const leaving = await runnerOf(fleet, job.id);
    const toldAt = Date.now();
    const [exitCode, again] = await Promise.all([
      leaving.stop(),
      until(async () => (await factsOf(fleet, [job.id])).live.find((row) => row.attempt === 2), {
        ms: 15_000,
        what: 'the hand-back',
      }),
    ]);
    expect(exitCode).toBe(0);
    expect(again.queuedAt!.getTime() - toldAt).toBeLessThan(4_000);
    await client.wait(job, { timeoutMs: 30_000 });
    const { ended, attempts } = await factsOf(fleet, [job.id]);
    expect(ended[0]).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0 });
    expect(attempts).toMatchObject([{ attempt: 1, outcome: 'released' }]);
  },
);

// Promised: 2 s for a polling worker's jobs, 10 s for an announced one of an event worker; 2 s more for a busy machine.
// Without the rescue that they test it would be 15 s (the lease), or never.
it.each([
  ['polling', 4_000],
  ['event', 12_000],
] as const)(
  'a killed %s worker’s running job runs again elsewhere within %i ms, in the same trace',
  async (mode, withinMs) => {
    await Promise.all([fleet.start(workerOf[mode]), fleet.start(workerOf[mode])]);
    await useMode(mode);
    await pastRestartGrace(fleet);
    const job = await client.enqueue('sleep', { ms: 3_000 });
    const victim = await runnerOf(fleet, job.id);
    // Its offset is committed and its first spans are sent by then, so that the tree is the same each time.
    await fleet.sink.waitFor((spans) =>
      spans.some((span) => isOf(span, job.id) && span.name === spanNames.ackWake),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const killedAt = Date.now();
    victim.kill();
    const again = await until(
      async () =>
        (await factsOf(fleet, [job.id])).live.find((row) => row.attempt === 2 && row.state !== 'scheduled'),
      {
        ms: 30_000,
        what: 'the job to be released again',
      },
    );
    expect(again.queuedAt!.getTime() - killedAt).toBeLessThan(withinMs);
    await client.wait(job, { timeoutMs: 30_000 });
    const { ended, attempts } = await factsOf(fleet, [job.id]);
    expect(ended[0]).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0 });
    expect(attempts).toMatchObject([{ attempt: 1, outcome: 'lost' }]);
    const spans = await traceOf(fleet.sink, job.id, { runs: 2, settles: false });
    expectTrace(spans, { jobId: job.id, mode, runs: 2 });
    // The rescuer has the lost run's start from PostgreSQL, in whole milliseconds: a hair before its ack_wake.
    const inOrder = spans.map((span) =>
      span.name === spanNames.run ? { ...span, start: span.start + 50 } : span,
    );
    expect(traceTree(inOrder, { normalise: true })).toMatchGolden(golden(`${mode}-worker-killed`));
  },
);

it('a polling worker that was stopped past its lease changes nothing of what was released again', async () => {
  await Promise.all([fleet.start('polling-worker'), fleet.start('polling-worker')]);
  await useMode('polling');
  const job = await client.enqueue('sleep', { ms: 3_000 });
  const frozen = await runnerOf(fleet, job.id);
  frozen.freeze();
  await until(async () => (await factsOf(fleet, [job.id])).attempts.length === 1, {
    ms: 30_000,
    what: 'the lease to end',
  });
  frozen.thaw();
  await client.wait(job, { timeoutMs: 30_000 });
  const ended = await allSettled(fleet, [job.id], 1_000);
  expect(ended[0]).toMatchObject({ state: 'succeeded', attempt: 2 });
  // It registers anew and goes on working.
  const more = await Promise.all(Array.from({ length: 20 }, (_, n) => client.enqueue('echo', n)));
  await allSettled(
    fleet,
    more.map(({ id }) => id),
    20_000,
  );
  expect(frozen.ended).toBe(false);
});

it('long jobs of event workers run once through rebalances', async () => {
  const first = await fleet.start('event-worker');
  await useMode('event');
  const jobs = await Promise.all(Array.from({ length: 6 }, () => client.enqueue('sleep', { ms: 9_000 })));
  await Promise.all(jobs.map(({ id }) => running(fleet, id)));
  const second = await fleet.start('event-worker');
  const quick = await Promise.all(Array.from({ length: 100 }, (_, n) => client.enqueue('echo', n)));
  await allSettled(
    fleet,
    quick.map(({ id }) => id),
    30_000,
  );
  await second.stop();
  const ids = jobs.map(({ id }) => id);
  const ended = await allSettled(fleet, ids, 30_000);
  expect(ended.map((job) => job.attempt)).toEqual(ids.map(() => 1));
  expect((await factsOf(fleet, ids)).attempts).toEqual([]);
  expect(new Set(ended.map((job) => job.workerId)).size).toBe(1);
  expect(first.ended).toBe(false);
});

it('jobs that ran on while their partitions went to another worker are not lost when their own is killed then', async () => {
  const first = await fleet.start('event-worker');
  await useMode('event');
  const jobs = await Promise.all(Array.from({ length: 4 }, () => client.enqueue('sleep', { ms: 8_000 })));
  await Promise.all(jobs.map(({ id }) => running(fleet, id)));
  await fleet.start('event-worker');
  // The second worker reads on, and commits, beyond the records of the jobs that the first still runs.
  const beyond = await Promise.all(Array.from({ length: 50 }, () => client.enqueue('sleep', { ms: 1 })));
  const idsBeyond = beyond.map(({ id }) => id);
  await allSettled(fleet, idsBeyond, 30_000);
  first.kill();
  const ids = jobs.map(({ id }) => id);
  // Whose worker died runs alone: one after the other.
  const ended = await allSettled(fleet, ids, 90_000);
  expect(ended.every((job) => job.state === 'succeeded' && job.failures === 0)).toBe(true);
  expect(ended.map((job) => job.attempt)).toEqual(ids.map(() => 2));
}, 180_000);
