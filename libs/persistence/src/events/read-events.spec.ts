import { randomUUID } from 'node:crypto';
import type { EventCursor, OutcomeKind } from '@baton/contracts';
import fc from 'fast-check';
import { admitEnqueued } from '../admission/admit-enqueued.js';
import { newJob, testAcceptor } from '../accept/testing.js';
import { passGates } from '../limits/pass-gates.js';
import { releaseDue } from '../relay/release-due.js';
import { handBack } from '../settle/hand-back.js';
import { settleBatch } from '../settle/settle-batch.js';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import { lockJobs } from '../sql/lock-jobs.sql.js';
import { readEventHeads, readEvents } from '../sql/read-events.sql.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import {
  createTestDatabase,
  seedJobs,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { eventsPage, type ShownEvent } from './events-page.js';
import { whatHappened } from './what-happened.sql.js';

let test: TestDatabase;
let workerId: string;
beforeAll(async () => {
  test = await createTestDatabase();
  await test.database.pool.query(whatHappened);
  workerId = randomUUID();
  const worker = { id: workerId, source: 'polling' as const, host: 'test', pid: 1, queues: [] };
  await registerWorker(test.database.pool, worker);
});
afterAll(() => test.close());

const query = async <R>(text: string, values: unknown[] = []): Promise<R[]> =>
  (await test.database.pool.query(text, values)).rows as R[];

async function page(jobId: string, after: EventCursor | undefined, most = 500) {
  const [log] = await readEvents(test.database.pool, [{ jobId, after }], most);
  return eventsPage(log!, after, { most, nowMs: 0 });
}

/** All pages, one after another, each from where the last one ended. */
async function readOn(jobId: string, from?: EventCursor, most = 500): Promise<ShownEvent[]> {
  const events: ShownEvent[] = [];
  for (let after = from; ;) {
    const next = await page(jobId, after, most);
    events.push(...next.events);
    if (!next.more) return events;
    after = next.cursor;
  }
}

const operations = [
  'accept',
  'accept',
  'accept',
  'enqueue',
  'claim',
  'claim',
  'start',
  'succeeded',
  'failed',
  'failed',
  'snoozed',
  'released',
  'cancelled',
  'hand back',
  'due',
  'due',
  'note',
  'read',
] as const;
type Operation = (typeof operations)[number];

interface Live {
  id: string;
  queue: string;
  state: string;
  mode: string | null;
  attempt: number;
  executionId: string | null;
  orderingKey: string | null;
}

/** Random things that happen to jobs of one tenant, done by the engine's own statements. */
class Lives {
  readonly readers = new Map<string, { at: EventCursor | undefined; events: ShownEvent[] }>();
  private readonly acceptor = testAcceptor(test.database.pool).acceptor;

  constructor(
    private readonly plain: SeededTenant,
    private readonly event: SeededTenant,
  ) {}

  async do(operation: Operation, pick: number): Promise<void> {
    const { pool } = test.database;
    switch (operation) {
      case 'accept':
        return this.accept(pick);
      case 'enqueue':
        return this.enqueue(pick);
      case 'claim': {
        const executionIds = Array.from({ length: 1 + (pick % 3) }, () => randomUUID());
        await claimJobs(pool, { workerId, queues: [this.plain.queue], executionIds, extendLease: false });
        return;
      }
      case 'due':
        await test.shiftClock((pick % 4) * 10_000);
        await releaseDue(pool, 100);
        return;
      case 'note':
        return this.note(await this.one(pick, 'true'));
      case 'read':
        return this.read(await this.one(pick, 'true'), 1 + (pick % 5));
      case 'hand back':
        return this.handBack(await this.one(pick, `state = 'running'`));
      case 'start':
        return this.say('started', await this.one(pick, `state = 'queued' AND mode = 'event'`));
      default:
        return this.say(
          operation,
          await this.one(pick, `state = 'running' OR (state = 'queued' AND mode = 'event')`),
        );
    }
  }

  private async accept(pick: number): Promise<void> {
    const tenant = pick % 3 === 0 ? this.event : this.plain;
    const job = newJob(tenant.queue, {
      maxAttempts: 2,
      ...(pick % 5 === 0 && { delayMs: 5_000 }),
      ...(pick % 4 === 0 && { orderingKey: 'k' }),
    });
    await this.acceptor.accept({ tenantId: this.plain.tenantId, jobs: [job] });
    this.readers.set(job.id, { at: undefined, events: [] });
  }

  /** In SQL, held until it is admitted. */
  private async enqueue(pick: number): Promise<void> {
    const { tenantId, queue } = this.plain;
    const options = pick % 2 === 0 ? { delay: '5s' } : {};
    const [job] = await query<{ id: string }>('SELECT baton.enqueue($1, $2, $3::text, $4::jsonb) AS id', [
      tenantId,
      queue,
      'null',
      options,
    ]);
    this.readers.set(job!.id, { at: undefined, events: [] });
    if (pick % 3 > 0) await admitEnqueued(test.database.pool, 100);
  }

  private async one(pick: number, condition: string): Promise<Live | undefined> {
    const rows = await query<Live>(
      `SELECT id, queue, state, mode, attempt, execution_id AS "executionId", ordering_key AS "orderingKey"
       FROM baton.job WHERE tenant_id = $1 AND (${condition}) ORDER BY id`,
      [this.plain.tenantId],
    );
    return rows[pick % Math.max(1, rows.length)];
  }

  private async say(kind: OutcomeKind, job: Live | undefined): Promise<void> {
    if (!job) return;
    const error = { code: 'handler_error' as const, message: 'boom', retryable: true };
    await settleBatch(test.database.pool, [
      {
        jobId: job.id,
        attempt: job.attempt,
        executionId: job.executionId ?? randomUUID(),
        workerId,
        tenantId: this.plain.tenantId,
        queue: job.queue,
        orderingKey: job.orderingKey ?? undefined,
        follows: true,
        kind,
        startedAtMs: Date.now(),
        finishedAtMs: Date.now(),
        ...(kind === 'failed' && { error }),
        ...(kind === 'snoozed' && { retryAtMs: Date.now() + 8_000 }),
        ...(kind === 'succeeded' && { result: { kind: 'json' as const, json: '{"n":1}' } }),
      },
    ]);
  }

  private async handBack(job: Live | undefined): Promise<void> {
    if (!job) return;
    await inTransaction(test.database.pool, async (tx) => {
      await lockJobs(tx, [job.id]);
      await handBack(tx, [job.id]);
      await passGates(tx);
    });
  }

  private async note(job: Live | undefined): Promise<void> {
    if (!job) return;
    await query(
      `WITH raised AS (UPDATE baton.job SET seq = seq + 1 WHERE id = $1 RETURNING *)
       INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, data)
       SELECT id, tenant_id, generation, seq, 'job.progress', '{"progress":0.5}' FROM raised`,
      [job.id],
    );
  }

  private async read(job: Live | undefined, most: number): Promise<void> {
    const reader = job && this.readers.get(job.id);
    if (!reader) return;
    const next = await page(job.id, reader.at, most);
    reader.events.push(...next.events);
    reader.at = next.cursor;
  }
}

const ended = ['attempt.failed', 'attempt.released', 'job.progress'];
const withoutReason = (event: ShownEvent): ShownEvent =>
  event.type === 'job.held' ? { ...event, data: {} } : event;

it('tells every number as what happened under it, once, and goes on exactly from any place', async () => {
  const commands = fc.array(
    fc.record({ operation: fc.constantFrom(...operations), pick: fc.nat(1_000_000) }),
    {
      minLength: 20,
      maxLength: 60,
    },
  );
  await fc.assert(
    fc.asyncProperty(commands, fc.nat(7), async (steps, size) => {
      const plain = await seedTenant(test.database);
      const event = { ...(await seedTenant(test.database, 'event')), tenantId: plain.tenantId };
      const queues = [plain.queue, event.queue];
      await query('UPDATE baton.queue SET concurrency_total = 2 WHERE name = ANY ($1)', [queues]);
      const lives = new Lives(plain, event);
      for (const { operation, pick } of steps) await lives.do(operation, pick);
      for (const [jobId, reader] of lives.readers) {
        const happened = await query<{ seq: number; what: string }>(
          'SELECT seq, what FROM baton.happened WHERE job_id = $1 ORDER BY seq',
          [jobId],
        );
        const whole = await readOn(jobId);
        expect(whole.map(({ cursor }) => cursor)).toEqual(happened.map(({ seq }) => `0:${seq}`));
        for (const [i, { what }] of happened.entries()) {
          const told = whole[i]!.type;
          expect(what === 'ended or noted' ? ended.includes(told) : told === what).toBe(true);
        }
        // In pages, and by a reader who came again now and then while it all happened.
        expect(await readOn(jobId, undefined, size + 1)).toEqual(whole);
        reader.events.push(...(await readOn(jobId, reader.at)));
        expect(reader.events.map(withoutReason)).toEqual(whole.map(withoutReason));
      }
    }),
    { numRuns: 15, interruptAfterTimeLimit: 60_000 },
  );
}, 120_000);

describe('a place that is not there', () => {
  const cursorOf = (jobId: string): Promise<EventCursor> =>
    page(jobId, undefined).then(({ cursor }) => cursor);

  it('of an older generation, or ahead of the log, is answered by a snapshot, and the log goes on from it', async () => {
    const [id] = await seedJobs(test.database, await seedTenant(test.database), [{}]);
    await query(`UPDATE baton.job SET generation = 1 WHERE id = $1`, [id]);
    const { events, cursor, more } = await page(id!, { generation: 0, seq: 2 });
    expect(events).toEqual([
      expect.objectContaining({
        type: 'resync',
        cursor: '1:2',
        data: expect.objectContaining({ state: 'queued', generation: 1 }) as unknown,
      }),
    ]);
    expect({ cursor, more }).toEqual({ cursor: { generation: 1, seq: 2 }, more: false });
    expect((await page(id!, { generation: 1, seq: 9 })).events[0]!.type).toBe('resync');
    expect((await page(id!, cursor)).events).toEqual([]);
  });

  it('of attempts past retention too, and the event that ended the job follows the snapshot', async () => {
    const tenant = await seedTenant(test.database);
    const [id] = await seedJobs(test.database, tenant, [{}]);
    const claim = async () => {
      const executionIds = [randomUUID()];
      const params = { workerId, queues: [tenant.queue], executionIds, extendLease: false };
      return (await claimJobs(test.database.pool, params))[0]!;
    };
    const settle = async (kind: OutcomeKind) => {
      const { jobId, attempt, executionId } = await claim();
      const said = { jobId, attempt, executionId, workerId, ...tenant, orderingKey: undefined, kind };
      await settleBatch(test.database.pool, [{ ...said, startedAtMs: 0, finishedAtMs: 0 }]);
    };
    await settle('released');
    await settle('released');
    expect(await cursorOf(id!)).toEqual({ generation: 0, seq: 8 });
    await query(`DELETE FROM baton.job_attempt WHERE job_id = $1 AND attempt = 1`, [id]);
    expect((await page(id!, { generation: 0, seq: 3 })).events.map(({ type }) => type)).toEqual(['resync']);
    expect((await page(id!, { generation: 0, seq: 4 })).events.map(({ type }) => type)).toEqual([
      'job.queued',
      'attempt.started',
      'attempt.released',
      'job.queued',
    ]);
    await settle('succeeded');
    const { events, terminal } = await page(id!, undefined);
    expect(events.map(({ type, cursor }) => `${type} ${cursor}`)).toEqual([
      'resync 0:9',
      'job.succeeded 0:10',
    ]);
    expect(terminal).toBe(true);
  });

  it('the heads of live jobs are told, terminal ones are missing', async () => {
    const [id] = await seedJobs(test.database, await seedTenant(test.database), [{}]);
    expect(await readEventHeads(test.database.pool, [id!, randomUUID()])).toEqual(
      new Map([[id, { generation: 0, seq: 2 }]]),
    );
  });
});
