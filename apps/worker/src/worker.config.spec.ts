import { loadConfig } from '@baton/service';
import { workerFields } from './worker.config.js';

const load = (environment: Record<string, string>) => loadConfig(workerFields, environment);
const databaseUrl = 'postgres://user:word@host:5432/baton';

it('polls PostgreSQL unless told otherwise', () => {
  expect(load({ DATABASE_URL: databaseUrl, KAFKA_BROKERS: 'nonsense' })).toEqual({
    source: { mode: 'polling', databaseUrl },
    redisUrl: undefined,
    s3: undefined,
    masterKey: undefined,
    webhookAllow: [],
    concurrency: 50,
    handlers: undefined,
    drainGraceMs: 10_000,
  });
});

it('never looks at the address of PostgreSQL in event mode', () => {
  const { source } = load({ DISPATCH_MODE: 'event', KAFKA_BROKERS: 'kafka:9092', DATABASE_URL: 'nonsense' });
  expect(source).toEqual({ mode: 'event', kafka: { brokers: ['kafka:9092'] } });
});

it.each([
  [{}, /DATABASE_URL is not set, and DISPATCH_MODE is polling; allowed: a URL such as postgres:/],
  [
    { DISPATCH_MODE: 'event' },
    /KAFKA_BROKERS is not set, and DISPATCH_MODE is event; allowed: host:port pairs/,
  ],
  [
    { DISPATCH_MODE: 'both', DATABASE_URL: databaseUrl },
    /DISPATCH_MODE="?both"? is not valid; allowed: polling, event/,
  ],
  [{ DATABASE_URL: 'mysql://user:secret@host/db' }, /DATABASE_URL=.*mysql:.* is not valid/],
  [{ DISPATCH_MODE: 'event', KAFKA_BROKERS: 'kafka' }, /KAFKA_BROKERS=.*has "kafka", which is no host:port/],
  [
    { DATABASE_URL: databaseUrl, WORKER_CONCURRENCY: '1001' },
    /WORKER_CONCURRENCY=.*allowed: an integer from 1 to 1000/,
  ],
  [{ DATABASE_URL: databaseUrl, DRAIN_GRACE_MS: 'long' }, /DRAIN_GRACE_MS=.*allowed: a duration/],
])('names what is wrong in %j', (environment, message) => {
  expect(() => load(environment)).toThrow(message);
});

it('shows no password', () => {
  const message = (): string => {
    try {
      load({ DATABASE_URL: 'mysql://user:secret@host/db' });
      return 'it was taken';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(message()).toMatch(/DATABASE_URL=.*mysql:/);
  expect(message()).not.toContain('secret');
});
