import { adviseDelivery, channels, type Need } from './advise-delivery.js';
import { pollingOverhead } from './polling-overhead.js';

const backend: Need = { latencyMs: 5_000, client: 'backend', ratePerSecond: 1, reliability: 'best-effort' };
const take = (need: Partial<Need>): string => adviseDelivery({ ...backend, ...need }).channel;

it.each<[string, Partial<Need>, string]>([
  ['a backend of some rate', {}, 'webhook'],
  ['a backend that must not miss any', { reliability: 'guaranteed', ratePerSecond: 0.01 }, 'webhook'],
  ['a backend behind NAT', { reachable: false, latencyMs: 2_000 }, 'long-poll'],
  ['a backend that wants all at once', { latencyMs: 50, ratePerSecond: 1_000 }, 'websocket'],
  ['a browser that waits', { client: 'browser', ratePerSecond: 0.1, latencyMs: 1_000 }, 'long-poll'],
  ['a browser with a progress bar', { client: 'browser', ratePerSecond: 0.1, live: true }, 'sse'],
  [
    'a browser of a dashboard',
    { client: 'browser', ratePerSecond: 50, live: true, latencyMs: 50 },
    'websocket',
  ],
  ['a mobile app', { client: 'mobile', ratePerSecond: 0.1, latencyMs: 30_000 }, 'poll'],
  ['a script that has time', { client: 'cli', latencyMs: 60_000, ratePerSecond: 0.1 }, 'poll'],
  ['many jobs behind a firewall', { client: 'cli', latencyMs: 60_000, ratePerSecond: 500 }, 'websocket'],
])('%s: takes what the guide says', (_what, need, channel) => {
  expect(take(need)).toBe(channel);
});

it('gives a reason for each channel that it does not name, and one for the one that it does', () => {
  for (const client of ['backend', 'browser', 'mobile', 'cli'] as const)
    for (const latencyMs of [50, 700, 5_000, 60_000])
      for (const ratePerSecond of [0.01, 12, 5_000])
        for (const reliability of ['best-effort', 'guaranteed'] as const)
          for (const live of [true, false]) {
            const advice = adviseDelivery({ latencyMs, client, ratePerSecond, reliability, live });
            expect([advice.channel, ...advice.instead.map(({ channel }) => channel)].toSorted()).toEqual(
              [...channels].toSorted(),
            );
            expect(advice.because.length).toBeGreaterThan(0);
            if (client !== 'backend') expect(advice.channel).not.toBe('webhook');
            if (latencyMs < 10_000) expect(advice.channel).not.toBe('poll');
          }
});

it('tells a client that cannot be called so, and offers a plan where a stream may fail', () => {
  const phone = adviseDelivery({ ...backend, client: 'mobile', reliability: 'guaranteed' });
  expect(phone.instead.find(({ channel }) => channel === 'webhook')?.reason).toContain('no address');
  expect(phone.fallback).toContain('retention');
  const quick = adviseDelivery({ ...backend, latencyMs: 50, reliability: 'guaranteed' });
  expect(quick).toMatchObject({
    channel: 'websocket',
    plan: [{ channel: 'stream', for: '5s' }, { channel: 'webhook' }],
  });
});

it('counts the requests in vain: a job of 9 minutes and a poller of one second', () => {
  const [fixed, backoff, learned, held, pushed] = pollingOverhead({
    jobMs: 540_000,
    jobsPerDay: 1_000,
    intervalMs: 1_000,
  });
  expect(fixed).toMatchObject({ emptyPerJob: 540, emptyPerDay: 540_000, lateMs: 500 });
  // 1 + 2 + 4 + 8 + 16 + 32 are 63 s, then one a minute.
  expect(backoff!.emptyPerJob).toBe(6 + Math.floor((540 - 63) / 60));
  expect(learned!.emptyPerJob).toBeLessThanOrEqual(2);
  expect(held!.emptyPerJob).toBe(18);
  expect(pushed).toMatchObject({ emptyPerJob: 0, lateMs: 0 });
});
