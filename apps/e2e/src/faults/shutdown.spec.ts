import { BatonClient } from '@baton/client';
import { dispatchModes } from '@baton/contracts';
import { freePort } from '@baton/local-stack';
import { Fleet } from '../harness/fleet.js';
import { allSettled, factsOf, inOrderOfEnd, runnerOf } from '../harness/job-facts.js';
import type { ServiceProcess } from '../harness/service-process.js';
import { until } from '../harness/until.js';

const workerOf = { polling: 'polling-worker', event: 'event-worker' } as const;

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;

beforeAll(async () => {
  fleet = await Fleet.start({
    services: ['producer', 'result-gateway', 'relay', 'polling-worker'],
    environment: { DRAIN_GRACE_MS: '1000' },
  });
  ({ client, apiKey } = await fleet.tenant());
}, 200_000);
afterAll(() => fleet?.stop());

const clientOf = (service: ServiceProcess): BatonClient =>
  new BatonClient({ url: service.url, gatewayUrl: fleet.the('result-gateway').url, apiKey });

/** Not ready from the first look after the signal on, until nobody answers. */
async function stopSeen(service: ServiceProcess): Promise<number | null> {
  const stopping = service.stop();
  while (!service.ended) {
    const answer = await fetch(`${service.url}/readyz`).catch(() => undefined); // it accepts nobody any more
    if (!answer) break;
    await answer.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return stopping;
}

it('a producer under load answers all that it took, and each accepted job runs once', async () => {
  const leaving = await fleet.start('producer');
  const [old, other] = [clientOf(leaving), client];
  const ids: string[] = [];
  let stop: Promise<number | null> | undefined;
  await Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      for (let n = 0; n < 25; n++) {
        const options = { idempotencyKey: `stop-${lane}-${n}` };
        // Whoever finds it gone asks another, with the same key: one job in any case.
        const job = await old.enqueue('echo', n, options).catch(() => other.enqueue('echo', n, options));
        ids.push(job.id);
        if (ids.length === 60) stop = stopSeen(leaving);
      }
    }),
  );
  expect(await stop).toBe(0);
  expect(new Set(ids).size).toBe(200);
  const ended = await allSettled(fleet, ids, 60_000);
  expect(ended.every((job) => job.state === 'succeeded' && job.attempt === 1)).toBe(true);
});

it('a gateway lets those who wait go at once, with what is known', async () => {
  const metricsPort = await freePort();
  const leaving = await fleet.start('result-gateway', { METRICS_PORT: String(metricsPort) });
  const job = await client.enqueue('sleep', { ms: 20_000 });
  const began = performance.now();
  const held = Array.from({ length: 10 }, () =>
    fetch(`${leaving.url}/v1/results/${job.id}`, {
      headers: { authorization: `Bearer ${apiKey}`, prefer: 'wait=50' },
    }),
  );
  const waiting = async (): Promise<boolean> =>
    (await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()).includes(
      `baton_channel_connections{channel="long-poll"} ${held.length}`,
    );
  await until(waiting, { ms: 20_000, what: 'all to wait' });
  await runnerOf(fleet, job.id);
  const exit = leaving.stop();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual(held.map(() => 202));
  expect(await exit).toBe(0);
  expect(performance.now() - began).toBeLessThan(15_000);
});

it.each(dispatchModes)(
  'a %s worker under load hands on what it does not finish: nothing is lost, failed, doubled or out of order',
  async (mode) => {
    const [leaving] = await Promise.all([fleet.start(workerOf[mode]), fleet.start(workerOf[mode])]);
    await fleet.setMode(apiKey, 'sleep', mode);
    const long = await client.enqueue('sleep', { ms: 4_000 });
    const lanes = Array.from({ length: 5 }, (_, lane) =>
      Array.from({ length: 12 }, () =>
        client.enqueue('sleep', { ms: 30 }, { orderingKey: `${mode}-${lane}` }),
      ),
    );
    const handles = await Promise.all(lanes.map((lane) => Promise.all(lane)));
    const runner = await runnerOf(fleet, long.id);
    expect(await (runner.app === 'worker' ? runner : leaving).stop()).toBe(0);
    const ids = [long.id, ...handles.flat().map(({ id }) => id)];
    const ended = await allSettled(fleet, ids, 60_000);
    expect(ended.every((job) => job.state === 'succeeded' && job.failures === 0)).toBe(true);
    const { attempts } = await factsOf(fleet, ids);
    expect(new Set(attempts.map(({ outcome }) => outcome))).toEqual(new Set(['released']));
    for (const lane of handles) {
      const own = lane.map(({ id }) => id).sort(); // UUIDv7, accepted by one producer: in order of acceptance
      expect(inOrderOfEnd(ended.filter(({ id }) => own.includes(id)))).toEqual(own);
    }
  },
);

it('a relay under load leaves its shards to another, and nothing is lost or doubled', async () => {
  const [leaving, leavingToo] = [fleet.the('relay'), await fleet.start('relay')];
  await fleet.start('event-worker');
  await fleet.setMode(apiKey, 'echo', 'event');
  const half = async (from: number): Promise<string[]> => {
    const handles = await Promise.all(
      Array.from({ length: 100 }, (_, n) => client.enqueue('echo', from + n, { orderingKey: `k${n % 10}` })),
    );
    return handles.map(({ id }) => id);
  };
  const before = await half(0);
  const [exitCode, after] = await Promise.all([leaving.stop(), half(100)]);
  expect(exitCode).toBe(0);
  const ended = await allSettled(fleet, [...before, ...after], 90_000);
  expect(ended.every((job) => job.state === 'succeeded' && job.failures === 0)).toBe(true);
  expect(leavingToo.ended).toBe(false);
});
