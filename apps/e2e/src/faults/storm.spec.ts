import { auditJobs } from '@baton/persistence';
import type { ServiceInProcess } from '@baton/service/testing';
import { type Servers, startServers } from '../conformance/servers.js';
import { System } from '../conformance/system.js';
import { allSettled, factsOf, inOrderOfEnd } from '../harness/job-facts.js';
import { until } from '../harness/until.js';

const rounds = 15;
const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);

let servers: Servers;
let system: System;
const members: ServiceInProcess[] = [];

beforeAll(async () => {
  servers = await startServers();
  system = await System.open('event', servers);
});
afterAll(async () => {
  for (const member of members) await member.stop();
  await system?.close();
  await servers?.stop();
});

it('event workers that join and leave each second lose, double and disorder nothing', async () => {
  const script = system.script(async (_, { signal }) => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 20 + Math.random() * 200);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
    signal.throwIfAborted();
  });
  const lanes = new Map<string, string[]>(keys.map((key) => [key, []]));
  const began = Date.now();
  const moves: Promise<unknown>[] = [];
  for (let round = 0; round < rounds; round++) {
    await until(() => Date.now() >= began + round * 1_000, { ms: 5_000, what: 'the next second' });
    // One comes each second, and from the third on one goes; nobody waits until the group has come to rest.
    moves.push(servers.anotherEventWorker().then((member) => void members.push(member)));
    if (members.length > 2) moves.push(members.shift()!.stop());
    const posted = await Promise.all(
      keys.map(async (key) => [key, await system.post({ script }, { orderingKey: key })] as const),
    );
    for (const [key, { id }] of posted) lanes.get(key)!.push(id);
  }
  await Promise.all(moves);
  const ids = [...lanes.values()].flat();
  expect(ids).toHaveLength(rounds * keys.length);
  const ended = await allSettled(servers, ids, 90_000);
  for (const job of ended) expect(job).toMatchObject({ state: 'succeeded', failures: 0, crashes: 0 });
  for (const lane of lanes.values())
    expect(inOrderOfEnd(ended.filter(({ id }) => lane.includes(id)))).toEqual(lane);
  const { attempts } = await factsOf(servers, ids);
  for (const { outcome } of attempts) expect(outcome).toBe('released');
  expect(await auditJobs(servers.database.pool)).toEqual({ places: {}, unaccounted: 0, examples: [] });
});
