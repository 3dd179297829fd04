import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { BatonClient, FileResult } from '@baton/client';
import { type DispatchMode, dispatchModes } from '@baton/contracts';
import { expectTrace, toMatchGolden, traceTree } from '@baton/tracing/testing';
import sharp from 'sharp';
import { Fleet } from './harness/fleet.js';
import { allSettled, factsOf, inOrderOfEnd } from './harness/job-facts.js';
import { traceOf } from './harness/traces.js';

expect.extend({ toMatchGolden });

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;

beforeAll(async () => {
  fleet = await Fleet.start();
  ({ client, apiKey } = await fleet.tenant());
});
afterAll(() => fleet?.stop());

const golden = (name: string): string => fileURLToPath(new URL(`./goldens/${name}.txt`, import.meta.url));

describe.each(dispatchModes)('%s', (mode: DispatchMode) => {
  beforeAll(async () => {
    for (const queue of ['echo', 'fail', 'sleep', 'render']) await fleet.setMode(apiKey, queue, mode);
  });

  it('takes a job from the request to the result, as one whole trace', async () => {
    const job = await client.enqueue('echo', { hello: 'wörld', nul: 'a\0b' });
    expect(await client.wait(job, { timeoutMs: 20_000 })).toEqual({ hello: 'wörld', nul: 'a\0b' });
    const read = await client.job(job.id);
    expect(read).toMatchObject({ state: 'succeeded', attempt: 1, dispatchMode: mode, traceId: job.traceId });
    const spans = await traceOf(fleet.sink, job.id);
    expectTrace(spans, { jobId: job.id, mode });
    expect(traceTree(spans, { normalise: true })).toMatchGolden(golden(`${mode}-success`));
  });

  it('makes a real image smaller, and gives it by a signed link', async () => {
    const source = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#2255cc' } })
      .png()
      .toBuffer();
    const job = await client.enqueue('render', {
      source: source.toString('base64'),
      width: 40,
      height: 30,
      format: 'webp',
    });
    const { file } = (await client.wait(job, { timeoutMs: 20_000 })) as FileResult;
    expect(file.mediaType).toBe('image/webp');
    const bytes = Buffer.from(await (await fetch(file.url)).arrayBuffer());
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 40, height: 30 });
  });

  it('retries a failed attempt in the same trace', async () => {
    const job = await client.enqueue('fail', { times: 1 }, { backoff: { type: 'fixed', delay: 50 } });
    await client.wait(job, { timeoutMs: 20_000 });
    expect(await client.job(job.id)).toMatchObject({
      attempt: 2,
      failures: 1,
      attempts: [{ attempt: 1, outcome: 'failed' }, { attempt: 2 }],
    });
    const spans = await traceOf(fleet.sink, job.id, { runs: 2 });
    expectTrace(spans, { jobId: job.id, mode, runs: 2 });
    expect(traceTree(spans, { normalise: true })).toMatchGolden(golden(`${mode}-retry`));
  });

  it('tells a dead job with its error', async () => {
    const job = await client.enqueue(
      'fail',
      { times: 9 },
      { maxAttempts: 2, backoff: { type: 'fixed', delay: 10 } },
    );
    await expect(client.wait(job, { timeoutMs: 20_000 })).rejects.toMatchObject({
      code: 'job_dead',
      message: expect.stringContaining('handler_error') as string,
    });
  });

  it('answers 1,000 jobs of 20 clients, each once, each within seconds', async () => {
    const waits: number[] = [];
    const one = async (n: number): Promise<string> => {
      const job = await client.enqueue('echo', { n });
      const accepted = Date.now();
      expect(await client.wait(job, { timeoutMs: 30_000 })).toEqual({ n });
      waits.push(Date.now() - accepted);
      return job.id;
    };
    const lanes = Array.from({ length: 20 }, async (_, c) => {
      const ids: string[] = [];
      for (let i = 0; i < 50; i++) ids.push(await one(c * 50 + i));
      return ids;
    });
    const ids = (await Promise.all(lanes)).flat();
    const ended = await allSettled(fleet, ids, 5_000);
    expect(ended.every((job) => job.state === 'succeeded' && job.attempt === 1)).toBe(true);
    // A lost wake-up would be found by the gateway's sweep, after 10 s, and show here.
    expect(Math.max(...waits)).toBeLessThan(8_000);
    for (const id of ids) expectTrace(await traceOf(fleet.sink, id), { jobId: id, mode });
  });

  it('keeps the order of each key through retries', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const ids = new Map<string, string[]>(keys.map((key) => [key, []]));
    for (let i = 0; i < 12; i++) {
      for (const orderingKey of keys) {
        const options = {
          orderingKey: `${mode}-${orderingKey}`,
          backoff: { type: 'fixed', delay: 30 } as const,
        };
        ids
          .get(orderingKey)!
          .push((await client.enqueue('fail', { times: i % 3 === 0 ? 1 : 0 }, options)).id);
      }
    }
    await allSettled(fleet, [...ids.values()].flat(), 60_000);
    for (const key of keys) {
      const { ended, attempts } = await factsOf(fleet, ids.get(key)!);
      expect(inOrderOfEnd(ended)).toEqual(ids.get(key));
      expect(attempts.filter((attempt) => attempt.outcome === 'failed')).toHaveLength(4);
    }
  });

  it('starts a trace of its own where none was given, and goes on in one that was', async () => {
    const traceId = randomUUID().replaceAll('-', '');
    const job = await client.enqueue('echo', 1, { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` });
    expect(job.traceId).toBe(traceId);
    await client.wait(job, { timeoutMs: 20_000 });
    expectTrace(await traceOf(fleet.sink, job.id), {
      jobId: job.id,
      mode,
      externalParents: ['cd'.repeat(8)],
    });
    const broken = await client.enqueue('echo', 1, { traceparent: '00-nonsense' });
    await client.wait(broken, { timeoutMs: 20_000 });
    const spans = await traceOf(fleet.sink, broken.id);
    expectTrace(spans, { jobId: broken.id, mode });
    expect(traceTree(spans, { normalise: true })).toMatchGolden(golden(`${mode}-missing-context`));
  });

  it('carries an unsampled context to the end, and draws nothing', async () => {
    const traceId = randomUUID().replaceAll('-', '');
    const job = await client.enqueue('echo', 1, { traceparent: `00-${traceId}-${'cd'.repeat(8)}-00` });
    await client.wait(job, { timeoutMs: 20_000 });
    const { ended } = await factsOf(fleet, [job.id]);
    expect(ended[0]!.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    // A later job's spans have come, so this one's would have.
    const later = await client.enqueue('echo', 2);
    await client.wait(later, { timeoutMs: 20_000 });
    await traceOf(fleet.sink, later.id);
    expect(fleet.sink.spansOfTrace(traceId)).toEqual([]);
  });

  it('runs a delayed job when it is due, not before', async () => {
    const job = await client.enqueue('echo', 1, { delay: '700ms' });
    expect(job.state).toBe('scheduled');
    await client.wait(job, { timeoutMs: 20_000 });
    const { ended } = await factsOf(fleet, [job.id]);
    const waited = ended[0]!.queuedAt!.getTime() - ended[0]!.createdAt.getTime();
    expect(waited).toBeGreaterThanOrEqual(700);
    expect(waited).toBeLessThan(3_000);
  });
});

it('changes the mode both ways under load, with order kept and nothing lost or run twice', async () => {
  const ids: string[] = [];
  const byKey = new Map<string, string[]>();
  const modes: DispatchMode[] = ['event', 'polling', 'event', 'polling'];
  for (const mode of modes) {
    await fleet.setMode(apiKey, 'echo', mode);
    for (let i = 0; i < 60; i++) {
      const orderingKey = `switch-${i % 5}`;
      const { id } = await client.enqueue('echo', { i }, { orderingKey });
      ids.push(id);
      byKey.set(orderingKey, [...(byKey.get(orderingKey) ?? []), id]);
    }
  }
  const ended = await allSettled(fleet, ids, 60_000);
  expect(new Set(ended.map((job) => job.mode))).toEqual(new Set(['event', 'polling']));
  expect(ended.every((job) => job.state === 'succeeded' && job.attempt === 1)).toBe(true);
  for (const inKey of byKey.values()) {
    expect(inOrderOfEnd(ended.filter((job) => inKey.includes(job.id)))).toEqual(inKey);
  }
});
