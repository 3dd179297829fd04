import { channels, priorities, timing } from '@baton/contracts';
import { cancelJobs, inTransaction, JobAcceptor, Notifier, type TerminalOutcome } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { claimPolls } from '@baton/tracing';
import { Controller, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import { uuidv7 } from 'uuidv7';
import { retryAt, snooze } from '../handler/control-flow.js';
import type { JobContext } from '../handler/job-context.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import { silentLog } from '../testing/silent-log.js';
import { PollingServer } from './polling-server.js';

let db: TestDatabase;
let notifier: Notifier;
let seeded: SeededTenant;
const workers: NestMicroservice[] = [];

/** What the handlers of a test have seen, and what holds them. */
class Scene {
  readonly entered: string[] = [];
  readonly contexts: JobContext[] = [];
  readonly aborted: unknown[] = [];
  readonly terminal: TerminalOutcome[] = [];
  readonly progressed: string[] = [];
  readonly gate = Promise.withResolvers<void>();
  open = (): void => this.gate.resolve();
}

function handlersOf(scene: Scene): Type {
  @Controller()
  class Handlers {
    @JobHandler(seeded.queue)
    async run(payload: { do?: string } | null, context: JobContext): Promise<unknown> {
      scene.entered.push(context.jobId);
      scene.contexts.push(context);
      switch (payload?.do) {
        case 'wait':
          await scene.gate.promise;
          return 'waited';
        case 'retry':
          if (context.failures < 2) throw retryAt(1, new Error('not yet'));
          return context.attempt;
        case 'snooze':
          if (context.attempt === 1) throw snooze(1);
          return context.attempt;
        case 'count': {
          const from = (context.lastCheckpoint ?? { n: 0 }) as { n: number };
          context.progress(from.n / 2, { n: from.n });
          await context.checkpoint({ n: from.n + 1 });
          if (from.n === 0) throw retryAt(1, new Error('half way'));
          context.progress(1);
          return from.n;
        }
        case 'signal':
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
          scene.aborted.push(context.signal.reason);
          context.signal.throwIfAborted();
          return null;
        default:
          return payload;
      }
    }
  }
  return Handlers;
}

async function startWorker(scene: Scene, { concurrency = 10, graceMs = 50 } = {}): Promise<NestMicroservice> {
  const feed = {
    publish: async (outcomes: readonly TerminalOutcome[]) => void scene.terminal.push(...outcomes),
    wake: async (jobIds: readonly string[]) => void scene.progressed.push(...jobIds),
  };
  const strategy = new PollingServer({
    database: db.database,
    notifier,
    feed,
    log: silentLog,
    concurrency,
    graceMs,
    letGoMs: 50,
    applicationName: 'worker-test',
  });
  const root = { module: class Root {}, controllers: [handlersOf(scene)] };
  const app = (await NestFactory.createMicroservice(root, {
    strategy,
    logger: false,
    abortOnError: false,
  })) as NestMicroservice;
  app.useGlobalFilters(new RethrowFilter());
  workers.push(app);
  await app.listen();
  return app;
}

async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 8_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const rows = async <T>(text: string, values: unknown[] = []): Promise<T[]> =>
  (await db.database.pool.query(text, values)).rows as T[];
/** Claims that brought jobs, of all workers of this process. */
async function claimedBatches(): Promise<number> {
  const { values } = await claimPolls.get();
  return values.find(({ labels }) => labels['result'] === 'jobs')?.value ?? 0;
}
/** As a producer accepts them: before their lanes and limits. */
async function acceptJobs(n: number, fields: object): Promise<string[]> {
  const acceptor = new JobAcceptor(db.database.pool, {
    wake: () => undefined,
    log: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const given = { queue: seeded.queue, priority: priorities.normal, payload: 'null', trace, ...fields };
  const jobs = Array.from({ length: n }, () => ({ ...given, id: uuidv7() }));
  await acceptor.accept({ tenantId: seeded.tenantId, jobs });
  await acceptor.drain();
  return jobs.map(({ id }) => id);
}
const wake = (): void => notifier.wake(channels.jobs, seeded.queue);
const liveWorkers = () =>
  rows<{ id: string }>(`SELECT id FROM baton.worker WHERE state = 'alive' AND $1 = ANY (queues)`, [
    seeded.queue,
  ]);

beforeAll(async () => {
  db = await createTestDatabase();
  notifier = new Notifier(db.url, { applicationName: 'worker-test', log: () => undefined });
});
beforeEach(async () => {
  seeded = await seedTenant(db.database);
});
afterEach(async () => {
  for (const app of workers.splice(0)) await app.close();
  const sessions = await rows(
    `SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'worker-test-listen' AND datname = current_database()`,
  );
  expect(sessions).toEqual([]);
});
afterAll(async () => {
  await notifier.close();
  await db.close();
});

it('runs what waits and what comes, stores the results and announces them', async () => {
  const scene = new Scene();
  const before = await seedJobs(db.database, seeded, [{ payload: { a: 1 } }, { payload: 'two' }]);
  await startWorker(scene);
  await until('the waiting jobs end', () => scene.terminal.length === 2);
  const [after] = await seedJobs(db.database, seeded, [{ payload: [3] }]);
  wake();
  await until('the new job ends', () => scene.terminal.length === 3);
  expect(
    scene.terminal
      .map(({ jobId, state, result }) => ({ jobId, state, result }))
      .sort((a, b) => (a.jobId < b.jobId ? -1 : 1)),
  ).toEqual([
    { jobId: before[0], state: 'succeeded', result: { kind: 'json', json: '{"a":1}' } },
    { jobId: before[1], state: 'succeeded', result: { kind: 'json', json: '"two"' } },
    { jobId: after, state: 'succeeded', result: { kind: 'json', json: '[3]' } },
  ]);
  const history = await rows<{ result: string }>(
    'SELECT result FROM baton.job_history WHERE queue = $1 ORDER BY id',
    [seeded.queue],
  );
  expect(history.map(({ result }) => result)).toEqual(['{"a":1}', '"two"', '[3]']);
});

it('makes the queues it has handlers for, and changes none that is there', async () => {
  const known = seeded.queue;
  await rows(`UPDATE baton.queue SET max_attempts = 9, dispatch_mode = 'event' WHERE name = $1`, [known]);
  await startWorker(new Scene());
  seeded = { ...seeded, queue: `${known}-new` };
  await startWorker(new Scene());
  expect(
    await rows(`SELECT name, dispatch_mode, max_attempts FROM baton.queue WHERE name LIKE $1 ORDER BY name`, [
      `${known}%`,
    ]),
  ).toEqual([
    { name: known, dispatch_mode: 'event', max_attempts: 9 },
    { name: `${known}-new`, dispatch_mode: 'polling', max_attempts: 5 },
  ]);
});

it('runs no more at once than it has slots, and all in the end', async () => {
  const scene = new Scene();
  await seedJobs(
    db.database,
    seeded,
    Array.from({ length: 5 }, () => ({ payload: { do: 'wait' } })),
  );
  await startWorker(scene, { concurrency: 2 });
  await until('two are entered', () => scene.entered.length === 2);
  const [{ running } = { running: 0 }] = await rows<{ running: number }>(
    `SELECT count(*)::int AS running FROM baton.job WHERE state = 'running' AND queue = $1`,
    [seeded.queue],
  );
  expect(running).toBe(2);
  scene.open();
  await until('all end', () => scene.terminal.length === 5);
  expect(new Set(scene.entered).size).toBe(5);
});

it('keeps the order of a key', async () => {
  const scene = new Scene();
  const ids = await seedJobs(
    db.database,
    seeded,
    Array.from({ length: 8 }, () => ({ orderingKey: 'k' })),
  );
  await startWorker(scene);
  await until('all end', () => scene.terminal.length === 8);
  expect(scene.entered).toEqual(ids);
});

it.each([
  ['a lane', {}, { orderingKey: 'k' }],
  ['a limit', { concurrency_total: 1 }, {}],
])(
  'gets the next job behind %s with the answer to the last one’s end, but one in 17 by a claim',
  async (_, limits, job) => {
    const scene = new Scene();
    for (const [column, value] of Object.entries(limits))
      await rows(`UPDATE baton.queue SET ${column} = $2 WHERE name = $1`, [seeded.queue, value]);
    const before = await claimedBatches();
    const ids = await acceptJobs(40, job);
    await startWorker(scene);
    await until('all end', () => scene.terminal.length === 40);
    expect(scene.entered).toEqual(ids);
    // The first, the second (nothing had told that more would follow), and each 17th.
    const claims = (await claimedBatches()) - before;
    expect(claims).toBeGreaterThan(2);
    expect(claims).toBeLessThan(8);
  },
);

it.each([
  ['retry', 3, 2],
  ['snooze', 2, 0],
])('takes a %s back from the handler', async (what, attempt, failures) => {
  const scene = new Scene();
  const [id] = await seedJobs(db.database, seeded, [{ payload: { do: what } }]);
  await startWorker(scene);
  // What timers do when a job is due.
  const release = async (): Promise<boolean> => {
    await rows(
      `UPDATE baton.job SET state = 'queued', attempt = attempt + 1, execution_id = NULL, worker_id = NULL, started_seq = NULL WHERE id = $1 AND state = 'scheduled'`,
      [id],
    );
    wake();
    return scene.terminal.length === 1;
  };
  await until('it ends', release);
  expect(scene.terminal[0]).toMatchObject({
    jobId: id,
    attempt,
    result: { kind: 'json', json: String(attempt) },
  });
  expect(scene.contexts.at(-1)).toMatchObject({ attempt, failures, redelivered: true, idempotencyKey: id });
});

it('keeps progress and its last word, and gives the checkpoint to the next attempt', async () => {
  const scene = new Scene();
  const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'count' } }]);
  await startWorker(scene);
  await until('it is to be retried', async () => {
    const [row] = await rows<{ state: string }>('SELECT state FROM baton.job WHERE id = $1', [id]);
    return row?.state === 'scheduled';
  });
  expect(await rows('SELECT progress, progress_data, checkpoint FROM baton.job WHERE id = $1', [id])).toEqual(
    [{ progress: 0, progress_data: '{"n":0}', checkpoint: '{"n":1}' }],
  );
  await rows(
    `UPDATE baton.job SET state = 'queued', attempt = attempt + 1, execution_id = NULL, worker_id = NULL, started_seq = NULL WHERE id = $1`,
    [id],
  );
  wake();
  await until('it ends', () => scene.terminal.length === 1);
  expect(scene.terminal[0]).toMatchObject({ attempt: 2, result: { json: '1' } });
  expect(await rows('SELECT progress, progress_data FROM baton.job_history WHERE id = $1', [id])).toEqual([
    { progress: 1, progress_data: '{"n":1}' },
  ]);
  const events = await rows<{ data: string }>(
    'SELECT data FROM baton.job_event WHERE job_id = $1 ORDER BY seq',
    [id],
  );
  expect(events.map(({ data }) => data)).toEqual([
    '{"fraction":0,"data":{"n":0}}',
    '{"fraction":0.5,"data":{"n":1}}',
    '{"fraction":1}',
  ]);
  expect(scene.progressed).toContain(id);
});

it('aborts a job that its word of progress finds in other hands', async () => {
  const scene = new Scene();
  const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'signal' } }]);
  await startWorker(scene);
  await until('it runs', () => scene.entered.length === 1);
  await rows(`UPDATE baton.job SET execution_id = gen_random_uuid() WHERE id = $1`, [id]);
  await expect(scene.contexts[0]!.checkpoint(1)).rejects.toMatchObject({ code: 'worker_lost' });
  await until('it is aborted', () => scene.aborted.length === 1);
});

it('hands back what does not end within the grace of a drain, and leaves', async () => {
  const scene = new Scene();
  const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'signal' } }]);
  const app = await startWorker(scene, { graceMs: 20 });
  await until('it runs', () => scene.entered.length === 1);
  await app.close();
  workers.length = 0;
  expect(scene.aborted).toHaveLength(1);
  expect(await rows('SELECT state, attempt, failures, worker_id FROM baton.job WHERE id = $1', [id])).toEqual(
    [{ state: 'queued', attempt: 2, failures: 0, worker_id: null }],
  );
  expect(await rows('SELECT state FROM baton.worker WHERE $1 = ANY (queues)', [seeded.queue])).toEqual([
    { state: 'left' },
  ]);
});

it('lets a running job end within the grace of a drain', async () => {
  const scene = new Scene();
  await seedJobs(db.database, seeded, [{ payload: { do: 'wait' } }]);
  const app = await startWorker(scene, { graceMs: 5_000 });
  await until('it runs', () => scene.entered.length === 1);
  const closed = app.close();
  workers.length = 0;
  scene.open();
  await closed;
  expect(scene.terminal).toHaveLength(1);
});

it('aborts what it ran and begins anew when it was given up for lost', async () => {
  const scene = new Scene();
  const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'signal' } }]);
  await startWorker(scene);
  await until('it runs', () => scene.entered.length === 1);
  const [before] = await liveWorkers();
  // What a rescue does.
  await rows(`UPDATE baton.worker SET state = 'lost' WHERE id = $1`, [before?.id]);
  await rows(
    `UPDATE baton.job SET state = 'queued', attempt = 2, execution_id = NULL, worker_id = NULL, started_seq = NULL, payload = '"again"' WHERE id = $1`,
    [id],
  );
  wake();
  await until('the job runs again', () => scene.terminal.length === 1);
  expect(scene.aborted).toEqual([expect.objectContaining({ code: 'worker_lost' })]);
  expect(scene.terminal[0]).toMatchObject({ jobId: id, attempt: 2, result: { json: '"again"' } });
  const [after] = await liveWorkers();
  expect(after?.id).toBeDefined();
  expect(after?.id).not.toBe(before?.id);
});

it('keeps running and remains the same worker when its sessions end', async () => {
  const scene = new Scene();
  await seedJobs(db.database, seeded, [{ payload: { do: 'wait' } }]);
  await startWorker(scene);
  await until('it runs', () => scene.entered.length === 1);
  const [before] = await liveWorkers();
  const holder = `SELECT l.pid FROM pg_locks l JOIN baton.worker w ON w.number = l.objid AND w.id = $1 WHERE l.locktype = 'advisory' AND l.granted`;
  const [session] = await rows<{ pid: number }>(holder, [before?.id]);
  expect(session).toBeDefined();
  await rows(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  await until('it holds its lock again', async () => {
    const [next] = await rows<{ pid: number }>(holder, [before?.id]).catch(() => []);
    return next !== undefined && next.pid !== session?.pid;
  });
  scene.open();
  await until('the job ends', () => scene.terminal.length === 1);
  expect(scene.entered).toHaveLength(1);
  expect((await liveWorkers()).map(({ id }) => id)).toEqual([before?.id]);
});

it('holds its lease with what it runs, and gives back a claim whose answer was lost', async () => {
  const scene = new Scene();
  const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'signal' } }]);
  await startWorker(scene);
  await until('it runs', () => scene.entered.length === 1);
  const [worker] = await liveWorkers();
  const [ghost] = await seedJobs(db.database, seeded, [{ payload: 'ghost' }]);
  // Claimed for it, long ago, by an answer that never came.
  await rows(
    `UPDATE baton.job SET state = 'running', worker_id = $1, execution_id = gen_random_uuid(), started_at = baton.now() - interval '1 min' WHERE id = $2`,
    [worker?.id, ghost],
  );
  await until(
    'the ghost runs',
    () => scene.terminal.some(({ jobId }) => jobId === ghost),
    timing.leaseRenewMs + 3_000,
  );
  expect(await rows('SELECT state, attempt FROM baton.job WHERE id = $1', [id])).toEqual([
    { state: 'running', attempt: 1 },
  ]);
});

it('runs a job that is to run alone when nothing else does, noted before, and claims nothing beside it', async () => {
  const scene = new Scene();
  const [first, careful] = await seedJobs(db.database, seeded, [{ payload: { do: 'wait' } }, {}]);
  await rows(`UPDATE baton.job SET careful = true WHERE id = $1`, [careful]);
  await startWorker(scene);
  await until('both are claimed', async () => {
    const running = await rows(`SELECT FROM baton.job WHERE queue = $1 AND state = 'running'`, [
      seeded.queue,
    ]);
    return running.length === 2;
  });
  const [last] = await seedJobs(db.database, seeded, [{}]);
  wake();
  await until('the wake-up is heard', async () => {
    wake();
    return scene.entered.length === 1;
  });
  expect(scene.entered).toEqual([first]);
  scene.open();
  await until('all have ended', () => scene.terminal.length === 3);
  expect(scene.entered).toEqual([first, careful, last]);
  expect(
    await rows(`SELECT alone FROM baton.job_history WHERE queue = $1 ORDER BY id`, [seeded.queue]),
  ).toEqual([{ alone: false }, { alone: true }, { alone: false }]);
});

describe('a cancel that is requested', () => {
  const requestCancel = async (id: string | undefined): Promise<void> =>
    inTransaction(db.database.pool, async (tx) => {
      const report = await cancelJobs(tx, [id ?? ''], { reason: 'not wanted' });
      expect(report.requested).toEqual([id]);
    });
  const ending = (scene: Scene) => ({
    aborted: scene.aborted,
    terminal: scene.terminal.map(({ state, error }) => ({ state, error: error?.message })),
  });
  const cancelled = {
    aborted: [expect.objectContaining({ code: 'job_cancelled', message: 'not wanted' })],
    terminal: [{ state: 'cancelled', error: 'not wanted' }],
  };

  it('reaches the handler by its signal, and ends the job when it has let go', async () => {
    const scene = new Scene();
    const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'signal' } }]);
    await startWorker(scene);
    await until('it runs', () => scene.entered.length === 1);
    await requestCancel(id);
    notifier.wake(channels.cancels, id ?? '');
    await until('it has ended', () => scene.terminal.length === 1);
    expect(ending(scene)).toEqual(cancelled);
  });

  it('is found by the lease’s renewal when its hint was lost', async () => {
    const scene = new Scene();
    const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'signal' } }]);
    await startWorker(scene);
    await until('it runs', () => scene.entered.length === 1);
    await requestCancel(id);
    await until('it has ended', () => scene.terminal.length === 1, timing.leaseRenewMs + 8_000);
    expect(ending(scene)).toEqual(cancelled);
  }, 20_000);

  it('comes too late for a handler that returns all the same', async () => {
    const scene = new Scene();
    const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'wait' } }]);
    await startWorker(scene);
    await until('it runs', () => scene.entered.length === 1);
    await requestCancel(id);
    notifier.wake(channels.cancels, id ?? '');
    await until('it was aborted', () => scene.contexts[0]?.signal.aborted === true);
    scene.open();
    await until('it has ended', () => scene.terminal.length === 1);
    expect(scene.terminal).toMatchObject([{ state: 'succeeded', result: { json: '"waited"' } }]);
  });

  it('concerns no other job, and no hint alone aborts anything', async () => {
    const scene = new Scene();
    const [id] = await seedJobs(db.database, seeded, [{ payload: { do: 'wait' } }]);
    await startWorker(scene);
    await until('it runs', () => scene.entered.length === 1);
    notifier.wake(channels.cancels, id ?? '');
    notifier.wake(channels.cancels, crypto.randomUUID());
    await notifier.flush();
    scene.open();
    await until('it has ended', () => scene.terminal.length === 1);
    expect(scene.contexts[0]?.signal.aborted).toBe(false);
  });
});
