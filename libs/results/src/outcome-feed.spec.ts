import { randomBytes, randomUUID } from 'node:crypto';
import { sharedTestStack } from '@baton/local-stack';
import { Notifier, type Standing, type TerminalOutcome } from '@baton/persistence';
import { createTestDatabase, type TestDatabase } from '@baton/persistence/testing';
import {
  connectRedis,
  HotResultReader,
  ListenOutcomeWakes,
  NotifyOutcomeFeed,
  type OutcomeFeed,
  type OutcomeWakes,
  RedisOutcomeFeed,
  RedisOutcomeWakes,
  type ResultReader,
} from './index.js';

const troubles: string[] = [];
const log = (message: string): void => void troubles.push(message);

let test: TestDatabase;
let redisUrl: string;
beforeAll(async () => {
  test = await createTestDatabase();
  redisUrl = (await sharedTestStack({ redis: true })).redisUrl;
});
afterAll(() => test.close());
beforeEach(() => void (troubles.length = 0));

function outcome(more: Partial<TerminalOutcome> = {}): TerminalOutcome {
  return {
    jobId: randomUUID(),
    tenantId: randomUUID(),
    queue: 'q',
    state: 'succeeded',
    cursor: '0:4',
    attempt: 1,
    executionId: randomUUID(),
    finishedAtMs: 1_700_000_000_000,
    traceparent: null,
    tracestate: null,
    baggage: null,
    result: { kind: 'json', json: '"a\\u0000b"' },
    ...more,
  };
}

interface Pair {
  feed: OutcomeFeed;
  wakes: OutcomeWakes;
  close: () => Promise<void>;
}
const pairs: Record<string, () => Pair> = {
  notify: () => {
    const notifier = new Notifier(test.url, { applicationName: 'feed-test', log });
    const wakes = new ListenOutcomeWakes(test.url, { applicationName: 'feed-test', log });
    return { feed: new NotifyOutcomeFeed(notifier), wakes, close: () => notifier.close() };
  },
  redis: () => ({
    feed: new RedisOutcomeFeed(connectRedis(redisUrl, log), log),
    wakes: new RedisOutcomeWakes(connectRedis(redisUrl, log)),
    close: () => Promise.resolve(),
  }),
};

describe.each(Object.keys(pairs))('the feed over %s', (name) => {
  it('tells every reader of every outcome', async () => {
    const { feed, wakes, close } = pairs[name]!();
    const heard = new Set<string>();
    const outcomes = Array.from({ length: 700 }, () => outcome());
    let gaps = 0;
    await new Promise<void>((resolve, reject) => {
      const onWake = (ids: string[]): void => {
        ids.forEach((id) => heard.add(id));
        if (outcomes.every(({ jobId }) => heard.has(jobId))) resolve();
      };
      wakes
        .start({ onWake, onGap: () => gaps++ })
        .then(() => feed.publish(outcomes))
        .catch(reject);
    });
    await wakes.probe();
    expect(gaps).toBeGreaterThan(0); // the first connection counts: what ended before it was not heard
    await wakes.close();
    await feed.close();
    await close();
  });
});

it('replaces a connection to Redis that has gone deaf, at its probe', async () => {
  const subscriber = connectRedis(redisUrl, log);
  const wakes = new RedisOutcomeWakes(subscriber);
  let gaps = 0;
  let again: () => void;
  const reconnected = new Promise<void>((resolve) => (again = resolve));
  await wakes.start({ onWake: () => undefined, onGap: () => ++gaps > 1 && again() });
  // A socket that no longer reads is what a half-open one looks like from here.
  subscriber.stream.pause();
  await wakes.probe();
  await reconnected;
  await wakes.close();
});

it('a Redis that is away at the start ends nothing, and its wakes can be closed', async () => {
  const subscriber = connectRedis('redis://127.0.0.1:1', log);
  const wakes = new RedisOutcomeWakes(subscriber);
  const started = wakes.start({ onWake: () => undefined, onGap: () => undefined });
  // A try fails with the connection; it is the second that would have been missing.
  for (let failed = 0; failed < 2; failed++)
    await new Promise((resolve) => subscriber.once('close', resolve));
  await wakes.close();
  await started;
});

describe('hot results', () => {
  const beneath = (known: TerminalOutcome[]): ResultReader & { asked: string[] } => {
    const asked: string[] = [];
    return {
      asked,
      read: (ids) => {
        asked.push(...ids);
        return Promise.resolve(
          new Map(
            known
              .filter((o) => ids.includes(o.jobId))
              .map((o): [string, Standing] => [o.jobId, { terminal: true, outcome: o }]),
          ),
        );
      },
    };
  };

  it('are read whole from Redis, files too, and the rest from beneath', async () => {
    const redis = connectRedis(redisUrl, log);
    const hot = [
      outcome(),
      outcome({
        result: {
          kind: 'file',
          bytes: randomBytes(500),
          mediaType: 'image/png',
          name: 'x',
          sha256: 'y',
          size: 500,
        },
      }),
    ];
    const cold = outcome();
    await new RedisOutcomeFeed(redis, log).publish(hot);
    const truth = beneath([cold]);
    const found = await new HotResultReader(redis, truth, log).read([...hot, cold].map((o) => o.jobId));
    expect([...hot, cold].map((o) => found.get(o.jobId))).toEqual(
      [...hot, cold].map((o) => ({ terminal: true, outcome: o })),
    );
    expect(truth.asked).toEqual([cold.jobId]);
    await redis.quit();
  });

  it('come from beneath while Redis is away, and publishing does not fail', async () => {
    const redis = connectRedis('redis://127.0.0.1:1', log);
    const one = outcome();
    await new RedisOutcomeFeed(redis, log).publish([one]);
    const found = await new HotResultReader(redis, beneath([one]), log).read([one.jobId]);
    expect(found.get(one.jobId)).toEqual({ terminal: true, outcome: one });
    expect(troubles).toContain('Redis is not reachable');
    redis.disconnect();
  });
});
