import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedTestStack } from '@baton/local-stack';
import { createTestDatabase, type TestDatabase } from '@baton/persistence/testing';
import { WorkerProcess } from './testing/worker-process.fixture.js';

let folder: string;
let db: TestDatabase;
const running: WorkerProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-worker-'));
  db = await createTestDatabase();
});
afterEach(async () => {
  for (const worker of running.splice(0)) await worker.stop();
});
afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function start(
  environment: Record<string, string>,
): Promise<{ worker: WorkerProcess; modules: () => Promise<string[]> }> {
  const log = join(folder, randomUUID());
  const worker = await WorkerProcess.start({ MODULE_LOG: log, ...environment });
  running.push(worker);
  return { worker, modules: async () => (await readFile(log, 'utf8')).split('\n') };
}

const knowsPostgres = (url: string): boolean =>
  /\/node_modules\/(pg|pg-[a-z-]+|typeorm)\/|\/libs\/(persistence|results)\//.test(url);

it('as an event worker becomes ready and drains without ever loading a PostgreSQL client', async () => {
  const { kafkaBrokers } = await sharedTestStack({ kafka: true });
  const { worker, modules } = await start({ DISPATCH_MODE: 'event', KAFKA_BROKERS: kafkaBrokers });
  expect(await worker.ready()).toMatchObject({ status: 'ready', checks: { kafka: { ok: true } } });
  expect(await worker.stop()).toBe(0);
  const loaded = await modules();
  expect(loaded.some((url) => url.includes('/kafkajs/'))).toBe(true);
  expect(loaded.filter(knowsPostgres)).toEqual([]);
}, 90_000);

it('as a polling worker announces its queues, becomes ready and leaves', async () => {
  const { worker, modules } = await start({
    DATABASE_URL: db.url,
    WORKER_HANDLERS: './apps/worker/src/testing/greet.fixture.ts',
  });
  expect(await worker.ready()).toMatchObject({ status: 'ready', checks: { postgresql: { ok: true } } });
  const { rows } = await db.database.pool.query<{ name: string }>(
    'SELECT name FROM baton.queue ORDER BY name',
  );
  expect(rows.map(({ name }) => name)).toEqual(['echo', 'fail', 'greet', 'http', 'render', 'sleep']);
  expect(await worker.stop()).toBe(0);
  const workers = await db.database.pool.query('SELECT state, queues FROM baton.worker');
  expect(workers.rows).toEqual([{ state: 'left', queues: expect.arrayContaining(['echo', 'greet']) }]);
  const loaded = await modules();
  expect(loaded.some(knowsPostgres)).toBe(true);
  expect(loaded.filter((url) => url.includes('/kafkajs/'))).toEqual([]);
}, 90_000);

it.each([
  [
    './apps/worker/src/testing/second-echo.fixture.ts',
    /worker cannot start: queue "echo" has two handlers: .*EchoController.echo/,
  ],
  ['./no/such/module.js', /worker cannot start: WORKER_HANDLERS="\.\/no\/such\/module\.js" cannot be loaded/],
])(
  'does not start with handlers in %s, and says why in one line',
  async (handlers, message) => {
    const { worker } = await start({ DATABASE_URL: db.url, WORKER_HANDLERS: handlers });
    const { code, output } = await worker.ended();
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual([expect.stringMatching(message)]);
  },
  60_000,
);
