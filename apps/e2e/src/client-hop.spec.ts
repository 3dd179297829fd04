import {
  type BatonClient,
  BatonClient as Client,
  type ChannelName,
  channelNames,
  type JobEvent,
} from '@baton/client';
import { freePort } from '@baton/local-stack';
import fc from 'fast-check';
import { Fleet } from './harness/fleet.js';

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;
/** The gateways' addresses; each is killed, and comes again at the same one. */
let gateways: { url: string; port: number }[];

beforeAll(async () => {
  fleet = await Fleet.start({
    kafka: false,
    redis: false,
    services: ['producer', 'relay', 'polling-worker'],
  });
  gateways = await Promise.all(
    [0, 1].map(async () => {
      const port = await freePort();
      const { url } = await fleet.start('result-gateway', {}, port);
      return { url, port };
    }),
  );
  ({ client, apiKey } = await fleet.tenant());
  await fleet.setMode(apiKey, 'fail', 'polling');
}, 120_000);
afterAll(async () => {
  client?.close();
  await fleet?.stop();
});

/** One job with its watcher, which hops: takes a few events by one channel, and goes on by another from its cursor. */
const watchers = fc.array(
  fc.record({
    failures: fc.integer({ min: 0, max: 5 }),
    backoffMs: fc.integer({ min: 10, max: 800 }),
    hops: fc.array(
      fc.record({
        channels: fc.subarray([...channelNames], { minLength: 1 }),
        first: fc.nat(1),
        most: fc.integer({ min: 1, max: 6 }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  }),
  { minLength: 4, maxLength: 8 },
);
type Watcher = {
  failures: number;
  backoffMs: number;
  hops: { channels: ChannelName[]; first: number; most: number }[];
};

const clientOf = (channels: readonly ChannelName[], first: number): BatonClient =>
  new Client({
    url: fleet.the('producer').url,
    gatewayUrl: [gateways[first]!.url, gateways[1 - first]!.url],
    apiKey,
    channels,
    backoff: { firstMs: 20, mostMs: 300 },
  });

/** All events of a job, taken hop by hop; the last hop stays to the end. */
async function watch({ failures, backoffMs, hops }: Watcher): Promise<JobEvent[]> {
  const backoff = { type: 'fixed', delay: backoffMs } as const;
  const job = await client.enqueue('fail', { times: failures }, { maxAttempts: 10, backoff });
  const told: JobEvent[] = [];
  for (const [i, { channels, first, most }] of hops.entries()) {
    const hopper = clientOf(channels, first);
    let taken = 0;
    const cursor = told.at(-1)?.cursor;
    for await (const event of hopper.events(job, cursor === undefined ? {} : { cursor })) {
      told.push(event);
      if (++taken >= most && i < hops.length - 1) break;
    }
    hopper.close();
  }
  return told;
}

/** Kills one gateway after the other, by turns, until it is told to stop; each comes again before the next goes. */
async function killByTurns(stopped: () => boolean): Promise<number> {
  let kills = 0;
  for (; !stopped(); kills++) {
    const { url, port } = gateways[kills % 2]!;
    fleet.processes.find((process) => process.url === url && !process.ended)!.kill();
    await fleet.start('result-gateway', {}, port);
  }
  return kills;
}

it('clients that hop between channels, while gateways are killed and come again, get each event once and the end always', async () => {
  let kills = 0;
  await fc.assert(
    fc.asyncProperty(watchers, async (all) => {
      let done = false;
      const killing = killByTurns(() => done);
      const logs = await Promise.all(all.map(watch)).finally(() => (done = true));
      kills += await killing;
      logs.forEach((log, i) => {
        expect(log.map(({ cursor }) => cursor)).toEqual(log.map((_, n) => `0:${n + 1}`));
        expect(log.at(-1)!.type).toBe('job.succeeded');
        const failed = log.filter(({ type }) => type === 'attempt.failed');
        expect(failed).toHaveLength(all[i]!.failures);
      });
    }),
    // A run that fails is repeated with other timing: shrinking would tell little.
    { numRuns: 6, endOnFailure: true, interruptAfterTimeLimit: 60_000 },
  );
  expect(kills).toBeGreaterThanOrEqual(4);
});
