import { channels } from '@baton/contracts';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../testing.js';
import { Listener } from './listener.js';
import { Notifier } from './notifier.js';
import { PendingWakes } from './pending-wakes.js';

let test: TestDatabase;
let notifier: Notifier;
let listener: Listener | undefined;
const troubles: string[] = [];
const log = (message: string): void => void troubles.push(message);

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(() => {
  troubles.length = 0;
  notifier = new Notifier(test.url, { applicationName: 'wake-test', log });
});
afterEach(async () => {
  await notifier.close();
  await listener?.close();
  listener = undefined;
});

async function heard(
  count: number,
  options: { lock?: number; onConnect?: () => void } = {},
): Promise<{ items: string[]; all: Promise<void> }> {
  const items: string[] = [];
  let done: () => void;
  const all = new Promise<void>((resolve) => (done = resolve));
  listener = new Listener(test.url, {
    applicationName: 'wake-test',
    channels: { [channels.jobs]: (some) => (items.push(...some), items.length >= count && done()) },
    ...(options.lock === undefined ? {} : { sessionLock: () => ({ classId: 1, objectId: options.lock! }) }),
    ...(options.onConnect ? { onConnect: options.onConnect } : {}),
    log,
  });
  await listener.start();
  return { items, all };
}

async function killListener(): Promise<void> {
  await test.database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wake-test-listen'`,
  );
}

it('tells each item once, in few notifications, however many there are', async () => {
  const { items, all } = await heard(2_000);
  for (let i = 0; i < 4_000; i++) notifier.wake(channels.jobs, `queue-number-${i % 2_000}`);
  await all;
  expect(new Set(items).size).toBe(2_000);
  expect(items).toHaveLength(2_000);
});

it('listens again after its connection was ended, and says so', async () => {
  let connections = 0;
  let again: () => void;
  const reconnected = new Promise<void>((resolve) => (again = resolve));
  const { all } = await heard(1, { onConnect: () => ++connections === 2 && again() });
  await killListener();
  await reconnected;
  notifier.wake(channels.jobs, 'q');
  await all;
});

it('holds its session lock as long as it listens', async () => {
  const held = async (): Promise<boolean> => {
    const { rows } = await test.database.pool.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1 AND objid = 77 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rows.length === 1;
  };
  await heard(1, { lock: 77 });
  expect(await held()).toBe(true);
  await listener!.close();
  expect(await held()).toBe(false);
});

it('sends again what could not be sent', async () => {
  const { all } = await heard(2);
  notifier.wake(channels.jobs, 'first');
  await notifier.flush();
  await test.database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wake-test-notify'`,
  );
  notifier.wake(channels.jobs, 'second');
  await all;
});

it('finds a deaf connection by its probe', async () => {
  let connections = 0;
  await heard(1, { onConnect: () => connections++ });
  const own = listener as unknown as { client: pg.Client };
  // A socket that no longer reads is what a half-open one looks like from here.
  own.client.connection.stream.pause();
  await listener!.probe();
  await listener!.probe();
  expect(connections).toBe(2);
});

it('sends what a connection that does not answer any more has not, on another', async () => {
  const { items, all } = await heard(2);
  const own = new Notifier(test.url, { applicationName: 'wake-test', log, answerMs: 200 });
  try {
    own.wake(channels.jobs, 'first');
    await own.flush();
    const { client } = own as unknown as { client: { connection: { stream: { pause(): void } } } };
    client.connection.stream.pause();
    own.wake(channels.jobs, 'second');
    await own.flush();
    await all;
    expect(items).toContain('second');
    expect(own.failures).toBe(1);
  } finally {
    await own.close();
  }
});

it('keeps only the earliest due time, and payloads that PostgreSQL accepts', () => {
  const pending = new PendingWakes();
  for (const due of ['30', '10', '20']) pending.add(channels.timers, due);
  for (let i = 0; i < 1_000; i++) pending.add(channels.outcomes, crypto.randomUUID());
  const { channels: names, payloads } = pending.take();
  expect(payloads[names.indexOf(channels.timers)]).toBe('10');
  expect(payloads.every((payload) => payload.length < 8_000)).toBe(true);
  expect(pending.empty).toBe(true);
});
