import {
  type BatonClient,
  BatonClient as Client,
  type ChannelName,
  channelNames,
  type JobEvent,
} from '@baton/client';
import fc from 'fast-check';
import { Fleet } from '../harness/fleet.js';
import type { ServiceProcess } from '../harness/service-process.js';
import { until } from '../harness/until.js';

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;
/** The gateways' addresses; each is killed, and comes again at the same one. */
let gateways: string[];
let kills = 0;
let away: Promise<void> | undefined;

beforeAll(async () => {
  fleet = await Fleet.start({
    kafka: false,
    redis: false,
    services: ['producer', 'relay', 'polling-worker'],
  });
  gateways = await Promise.all(
    [0, 1].map(async () => {
      const { url } = await fleet.start('result-gateway');
      return url;
    }),
  );
  ({ client, apiKey } = await fleet.tenant());
  await fleet.setMode(apiKey, 'fail', 'polling');
}, 120_000);
afterAll(async () => {
  client?.close();
  await away;
  await fleet?.stop();
});

/** One job with its watcher, which hops: takes a few events by one channel, and goes on by another from its cursor. */
const watchers = fc.array(
  fc.record({
    failures: fc.integer({ min: 1, max: 5 }),
    backoffMs: fc.integer({ min: 10, max: 500 }),
    hops: fc.array(
      fc.record({
        channels: fc.subarray([...channelNames], { minLength: 1 }),
        first: fc.nat(1),
        most: fc.integer({ min: 1, max: 8 }),
        killAfter: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3, nil: undefined }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
  { minLength: 3, maxLength: 6 },
);
interface Watcher {
  failures: number;
  backoffMs: number;
  hops: {
    channels: ChannelName[];
    first: number;
    most: number;
    /** The gateway that serves it is killed when this hop has so many events. */
    killAfter: number | undefined;
  }[];
}

/** SIGKILL; it comes again in its own time. One at a time is away, so that a busy machine does not stand still. */
function kill(url: string): void {
  const process = fleet.processes.find((each) => each.url === url && !each.ended);
  if (!process || away) return;
  kills++;
  away = comeAgain(process).finally(() => (away = undefined));
}

async function comeAgain(process: ServiceProcess): Promise<void> {
  process.kill();
  await until(() => process.ended, { ms: 10_000, what: 'a killed gateway to end' });
  await fleet.start('result-gateway', {}, process.port);
}

/** All events of a job, taken hop by hop; the last hop stays to the end. */
async function watch({ failures, backoffMs, hops }: Watcher): Promise<JobEvent[]> {
  const backoff = { type: 'fixed', delay: backoffMs } as const;
  const job = await client.enqueue('fail', { times: failures }, { maxAttempts: 10, backoff });
  const told: JobEvent[] = [];
  for (const [i, { channels, first, most, killAfter }] of hops.entries()) {
    let servedBy: string | undefined;
    const hopper = new Client({
      url: fleet.the('producer').url,
      gatewayUrl: [...gateways.slice(first), ...gateways.slice(0, first)],
      apiKey,
      channels,
      backoff: { firstMs: 20, mostMs: 300 },
      onChannel: ({ status, gateway }) => (servedBy = status === 'open' ? gateway : undefined),
    });
    let taken = 0;
    const cursor = told.at(-1)?.cursor;
    for await (const event of hopper.events(job, cursor === undefined ? {} : { cursor })) {
      told.push(event);
      if (++taken === killAfter && servedBy !== undefined) kill(servedBy);
      if (taken >= most && i < hops.length - 1) break;
    }
    hopper.close();
  }
  return told;
}

it('clients that hop between channels, and whose gateways are killed under them, get each event once and the end always', async () => {
  await fc.assert(
    fc.asyncProperty(watchers, async (all) => {
      const logs = await Promise.all(all.map(watch));
      logs.forEach((log, i) => {
        expect(log.map(({ cursor }) => cursor)).toEqual(log.map((_, n) => `0:${n + 1}`));
        expect(log.at(-1)!.type).toBe('job.succeeded');
        const failed = log.filter(({ type }) => type === 'attempt.failed');
        expect(failed).toHaveLength(all[i]!.failures);
      });
    }),
    // Another run has other timing: shrinking would tell little.
    { numRuns: 8, endOnFailure: true, interruptAfterTimeLimit: 60_000 },
  );
  await away;
  expect(kills).toBeGreaterThan(0);
}, 240_000);
