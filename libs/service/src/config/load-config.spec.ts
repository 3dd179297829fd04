import { ConfigError } from './config.error.js';
import { optional, withDefault, type Fields } from './field.js';
import * as fields from './fields.js';
import { loadConfig } from './load-config.js';

function faultsOf(wanted: Fields, environment: Record<string, string>): string[] {
  try {
    loadConfig(wanted, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ text }) => text);
    throw error;
  }
  return [];
}

test('reads what is set and takes defaults for what is not', () => {
  const wanted = {
    databaseUrl: fields.databaseUrl(),
    redisUrl: optional(fields.redisUrl()),
    port: withDefault(fields.port(), 3000),
    concurrency: fields.integer('WORKER_CONCURRENCY', { max: 500 }),
    grace: fields.duration('GRACE'),
    allow: fields.webhookAllow(),
    origins: fields.allowedOrigins(),
  };
  const environment = {
    DATABASE_URL: 'postgres://u:p@db/baton',
    REDIS_URL: '', // Empty counts as unset.
    WORKER_CONCURRENCY: '20',
    GRACE: '5m',
    WEBHOOK_ALLOW: '127.0.0.0/8, ::1/128',
    ALLOWED_ORIGINS: 'https://a.example,http://localhost:3002',
  };
  expect(loadConfig(wanted, environment)).toEqual({
    databaseUrl: 'postgres://u:p@db/baton',
    redisUrl: undefined,
    port: 3000,
    concurrency: 20,
    grace: 300_000,
    allow: [
      { address: '127.0.0.0', prefix: 8, family: 'ipv4' },
      { address: '::1', prefix: 128, family: 'ipv6' },
    ],
    origins: ['https://a.example', 'http://localhost:3002'],
  });
});

test('names every fault at once: the variable, its value, what is allowed', () => {
  const wanted = {
    url: fields.databaseUrl(),
    port: fields.port(),
    mode: fields.dispatchMode(),
    level: fields.logLevel(),
  };
  expect(faultsOf(wanted, { PORT: '70000', DISPATCH_MODE: 'kafka' })).toEqual([
    'DATABASE_URL is not set; allowed: a URL such as postgres://user:password@host:5432/database',
    'PORT="70000" is not valid; allowed: an integer from 0 to 65535',
    'DISPATCH_MODE="kafka" is not valid; allowed: polling, event',
  ]);
});

test.each([
  ['0', 'an integer from 1 to 10'],
  ['11', 'an integer from 1 to 10'],
  ['1.5', 'an integer from 1 to 10'],
  ['1e1', 'an integer from 1 to 10'],
])('refuses %s as an integer', (value, allowed) => {
  expect(faultsOf({ n: fields.integer('N', { max: 10 }) }, { N: value })).toEqual([
    `N="${value}" is not valid; allowed: ${allowed}`,
  ]);
});

test('never shows a secret', () => {
  const wanted = {
    url: fields.databaseUrl(),
    redis: fields.redisUrl(),
    key: fields.masterKey(),
    token: fields.text('TOKEN', 'x', { secret: true }),
  };
  const environment = {
    DATABASE_URL: 'mysql://root:hunter2@db/x?password=hunter2',
    REDIS_URL: 'redis:/hunter2:hunter2@',
    BATON_MASTER_KEY: 'aHVudGVyMg==',
  };
  const text = faultsOf(wanted, environment).join('\n');
  expect(text).not.toContain('hunter2');
  expect(text).not.toContain('aHVudGVyMg');
  expect(text).toContain('DATABASE_URL="mysql://root:***@db/x?password=***" is not valid');
  expect(text).toContain('BATON_MASTER_KEY="***" holds 7 bytes; allowed: at least 32 random bytes');
});

test('reads a master key in hex or base64', () => {
  const bytes = Buffer.alloc(32, 0xa5);
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    expect(
      loadConfig({ key: fields.masterKey() }, { BATON_MASTER_KEY: bytes.toString(encoding) }).key,
    ).toEqual(bytes);
  }
});

test.each([
  [{ HOST: '127.0.0.1' }, []],
  [{}, []],
  [{ HOST: '::1' }, []],
  [{ HOST: 'localhost' }, []],
  [
    { HOST: '0.0.0.0' },
    [
      'AUTH="off" is refused, since HOST="0.0.0.0" can be reached from other machines; allowed: keys, or off where HOST is loopback',
    ],
  ],
  [
    { HOST: '127.0.0.1.example.com' },
    [
      'AUTH="off" is refused, since HOST="127.0.0.1.example.com" can be reached from other machines; allowed: keys, or off where HOST is loopback',
    ],
  ],
])('AUTH=off with %p', (environment, faults) => {
  expect(faultsOf({ auth: fields.auth() }, { AUTH: 'off', ...environment })).toEqual(faults);
});

test('S3 is wholly set or not at all', () => {
  const wanted = { s3: optional(fields.s3()) };
  expect(loadConfig(wanted, {})).toEqual({ s3: undefined });
  expect(faultsOf(wanted, { S3_ENDPOINT: 'http://127.0.0.1:9000', S3_BUCKET: 'baton' })).toEqual([
    'S3_ACCESS_KEY_ID is not set; allowed: the id of an access key',
    'S3_SECRET_ACCESS_KEY is not set; allowed: the secret of the access key',
  ]);
});

test('reads Kafka with TLS and SASL', () => {
  const environment = {
    KAFKA_BROKERS: 'a:9092, [::1]:9093',
    KAFKA_SSL: 'true',
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'u',
    KAFKA_SASL_PASSWORD: 'p',
  };
  expect(loadConfig({ kafka: fields.kafka() }, environment).kafka).toEqual({
    brokers: ['a:9092', '[::1]:9093'],
    ssl: true,
    sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
  });
  expect(loadConfig({ kafka: fields.kafka() }, { KAFKA_BROKERS: 'a:1' }).kafka).toEqual({ brokers: ['a:1'] });
});

test('refuses halves of Kafka settings by name', () => {
  expect(faultsOf({ kafka: fields.kafka() }, { KAFKA_BROKERS: 'localhost' })).toEqual([
    'KAFKA_BROKERS="localhost" has "localhost", which is no host:port; allowed: host:port pairs separated by commas, such as kafka-1:9092,kafka-2:9092',
  ]);
  expect(
    faultsOf(
      { kafka: fields.kafka() },
      { KAFKA_BROKERS: 'a:1', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_MECHANISM: 'plain' },
    ),
  ).toEqual([
    'KAFKA_SASL_PASSWORD is not set although KAFKA_SASL_MECHANISM and KAFKA_SASL_USERNAME is; allowed: a password, together with KAFKA_SASL_MECHANISM and KAFKA_SASL_USERNAME',
  ]);
  expect(
    faultsOf({ kafka: fields.kafka() }, { KAFKA_BROKERS: 'a:1', KAFKA_SSL_CA: '/nowhere/ca.pem' })[0],
  ).toMatch(/^KAFKA_SSL_CA="\/nowhere\/ca\.pem" .*ENOENT.*; allowed: the path of a readable PEM file$/);
});
