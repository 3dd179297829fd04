import { readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { readLocalStackConfig } from '../local-stack.config.js';
import { StackRunningError } from '../local-stack.error.js';
import { answersLine, reachesPort } from '../ports/reaches-port.js';
import { findProcess } from '../process/process-table.js';
import { waitUntil } from '../process/wait-until.js';
import { createTestStack } from '../testing/create-test-stack.js';
import { createTopic, topicAlreadyExists } from '../testing/fixtures/create-topic.js';
import { makeTestFolder } from '../testing/test-folder.js';
import { startStack } from './start-stack.js';
import type { Stack } from './stack.js';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

const areAllGone = async (pids: readonly number[]): Promise<boolean> =>
  (await Promise.all(pids.map(findProcess))).every((entry) => entry === undefined);

describe('a running stack', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await createTestStack({ kafka: true, redis: true, s3: true });
  }, 300_000);
  afterAll(() => stack.stop());

  test('serves on every port, as processes it can name', async () => {
    expect(await query(stack.databaseUrl, 'select current_database() as name')).toEqual([{ name: 'baton' }]);
    expect(await answersLine(stack.server('redis').port, 'PING\r\n', '+PONG')).toBe(true);
    expect(await reachesPort(stack.server('kafka').port)).toBe(true);
    expect(Object.keys(stack.pids).sort()).toEqual(['kafka', 'postgres', 'redis', 's3']);
    expect(stack.unavailable).toEqual([]);
  });

  test('keeps its bucket from readers without a signature', async () => {
    const { endpoint, bucket } = stack.s3 ?? { endpoint: '', bucket: '' };
    expect((await fetch(`${endpoint}/${bucket}`)).status).toBe(403);
  });

  test('takes a broker away and brings it back on the same port with the same data', async () => {
    const kafka = stack.server('kafka');
    const { port, pid } = kafka;
    expect(await createTopic(port, 'kept')).toBe(0);
    await kafka.stop();
    expect(await reachesPort(port)).toBe(false);
    expect(stack.pids.kafka).toBeUndefined();
    await kafka.start();
    expect(kafka.port).toBe(port);
    expect(await reachesPort(port)).toBe(true);
    expect(kafka.pid).not.toBe(pid);
    expect(await createTopic(port, 'kept')).toBe(topicAlreadyExists);
  }, 60_000);

  test('loses no commit when PostgreSQL is killed, sessions and all', async () => {
    await query(stack.databaseUrl, 'create table kept as select 7 as n');
    const postgres = stack.server('postgres');
    await postgres.kill();
    expect(await reachesPort(postgres.port)).toBe(false);
    await postgres.start();
    expect(await query(stack.databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
  }, 60_000);

  test('freezes a server and lets it go on', async () => {
    const redis = stack.server('redis');
    await redis.pause();
    expect(await answersLine(redis.port, 'PING\r\n', '+PONG')).toBe(false);
    await redis.resume();
    expect(await waitUntil(() => answersLine(redis.port, 'PING\r\n', '+PONG'), 5_000)).toBe(true);
  });

  test('refuses to start what runs already', async () => {
    await expect(stack.server('redis').start()).rejects.toThrow(
      'redis is running; only a stopped server can be started',
    );
  });
});

test('a stopped stack leaves neither process nor folder', async () => {
  const stack = await createTestStack({ redis: true });
  const pids = Object.values(stack.pids);
  const folder = path.dirname(path.dirname(stack.server('redis').logFile));
  await stack.stop();
  expect(pids).toHaveLength(2);
  expect(await areAllGone(pids)).toBe(true);
  await expect(readdir(folder)).rejects.toThrow('ENOENT');
}, 60_000);

test('a server that ends by itself is reported with its last words', async () => {
  const dir = await makeTestFolder();
  const exits: unknown[] = [];
  const stack = await startStack({
    dir,
    services: ['redis'],
    persistent: false,
    durable: false,
    onServerExit: (exit) => exits.push(exit),
  });
  process.kill(stack.pids.redis as number, 'SIGTERM');
  expect(await waitUntil(() => exits.length > 0, 5_000)).toBe(true);
  expect(exits[0]).toMatchObject({
    service: 'redis',
    code: 0,
    lastLines: expect.stringContaining('SIGTERM') as unknown,
  });
  expect(stack.server('redis').state).toBe('stopped');
  await stack.stop();
}, 60_000);

describe('a persistent stack', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await makeTestFolder();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  test('has its data and its ports again at the second start, and refuses a second starter meanwhile', async () => {
    const options = { dir, services: ['postgres'] as const, persistent: true, durable: false };
    const first = await startStack(options);
    await query(first.databaseUrl, 'create table kept as select 1 as n');
    await expect(startStack(options)).rejects.toThrow(new StackRunningError(dir, process.pid));
    await first.stop();

    const second = await startStack(options);
    expect(second.databaseUrl).toBe(first.databaseUrl);
    expect(await query(second.databaseUrl, 'select n from kept')).toEqual([{ n: 1 }]);
    await second.stop();
  }, 60_000);

  test('goes on without Kafka where Java is missing, and says what brings it', async () => {
    const config = {
      ...readLocalStackConfig({ HOME: os.homedir(), PATH: '/nonexistent' }),
      cacheDirectory: path.join(dir, 'cache'),
    };
    const progress: string[] = [];
    const stack = await startStack({
      dir,
      services: ['postgres', 'kafka', 's3', 'redis'],
      persistent: true,
      durable: false,
      config,
      onProgress: (line) => progress.push(line),
    });
    expect(stack.unavailable.map(({ service }) => service).sort()).toEqual(['kafka', 'redis', 's3']);
    expect(stack.unavailable.find(({ service }) => service === 'kafka')?.why).toBe('Java is missing.');
    expect(progress.join('\n')).toMatch(
      /kafka: left out\. Java is missing\. Install it.*(openjdk-17-jre-headless|openjdk@17)/,
    );
    expect(stack.addresses).toEqual({ databaseUrl: stack.databaseUrl });
    expect(await query(stack.databaseUrl, 'select 1 as n')).toEqual([{ n: 1 }]);
    await stack.stop();
  }, 60_000);

  test('starts no server in place of one that the environment gives', async () => {
    const given = {
      DATABASE_URL: 'postgres://somebody@db.example/app',
      REDIS_URL: 'redis://cache.example:6379',
    };
    const stack = await startStack({
      dir,
      services: ['postgres', 'redis'],
      persistent: true,
      durable: false,
      config: readLocalStackConfig(given),
    });
    expect(stack.addresses).toEqual({ databaseUrl: given.DATABASE_URL, redisUrl: given.REDIS_URL });
    expect(stack.pids).toEqual({});
    expect(() => stack.server('postgres')).toThrow('postgres is not run by this stack');
    await stack.stop();
  });
});
