import { moveQueue } from '@baton/persistence';
import { createTestDatabase, seedJobs, seedTenant, type TestDatabase } from '@baton/persistence/testing';
import { DrainedTimer } from './drained.timer.js';

let test: TestDatabase;
let told = 0;
let timer: DrainedTimer;
beforeAll(async () => {
  test = await createTestDatabase();
  timer = new DrainedTimer(test.database, () => told++);
});
afterAll(() => test.close());

const events = async (queue: string): Promise<number> => {
  const { rows } = await test.database.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM baton.queue_event WHERE queue = $1 AND type = 'queue.drained'`,
    [queue],
  );
  return rows[0]!.n;
};

it.each(['polling', 'event'] as const)(
  'tells once that a draining queue in %s mode is empty, retries included, and again after the next drain',
  async (mode) => {
    told = 0;
    const { pool } = test.database;
    const seeded = await seedTenant(test.database, mode);
    await seedJobs(test.database, seeded, [{}, { delayMs: 60_000 }]);
    expect(await timer.look()).toEqual({ found: false, nextMs: undefined });
    await moveQueue(pool, seeded.queue, 'drain');
    await test.shiftClock(2_000);
    expect(await timer.look()).toMatchObject({ found: false, nextMs: expect.any(Number) });
    await pool.query(`DELETE FROM baton.job WHERE queue = $1 AND state = 'queued'`, [seeded.queue]);
    // What is to be tried again is not at its end.
    expect((await timer.look()).found).toBe(false);
    await pool.query(`DELETE FROM baton.job WHERE queue = $1`, [seeded.queue]);
    expect(await timer.look()).toEqual({ found: true, nextMs: undefined });
    expect(await timer.look()).toEqual({ found: false, nextMs: undefined });
    expect([told, await events(seeded.queue)]).toEqual([1, 1]);
    await moveQueue(pool, seeded.queue, 'resume');
    await moveQueue(pool, seeded.queue, 'drain');
    // Producers may not have heard of it yet.
    expect((await timer.look()).found).toBe(false);
    await test.shiftClock(2_000);
    expect((await timer.look()).found).toBe(true);
    expect(await events(seeded.queue)).toBe(2);
  },
);
