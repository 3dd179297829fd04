import { createTestDatabase, type TestDatabase } from '../testing.js';
import { LimitsAndQueues0003 } from './0003-limits-and-queues.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

it('carries history over when its partitions change, there and back', async () => {
  const runner = (await test.database.orm()).createQueryRunner();
  const rows = () =>
    runner.query('SELECT id, state, finished_at FROM baton.job_history ORDER BY finished_at') as Promise<
      unknown[]
    >;
  try {
    await runner.query(
      `INSERT INTO baton.queue (name, retention_dead_ms) VALUES ('q', 86400000 * 60::bigint)`,
    );
    await runner.query(
      `INSERT INTO baton.job_history (id, tenant_id, queue, state, priority, payload, max_attempts, timeout_ms, seq, created_at, finished_at)
       SELECT uuidv7(), gen_random_uuid(), 'q', s::baton.job_state, 1, 'null', 5, 1000, 4, now(), now() - n * interval '1 hour'
       FROM (VALUES ('succeeded', 1), ('cancelled', 2), ('dead', 3), ('succeeded', 100)) AS v(s, n)`,
    );
    const before = await rows();
    const migration = new LimitsAndQueues0003();
    await migration.down(runner);
    expect(await rows()).toEqual(before);
    await migration.up(runner);
    expect(await rows()).toEqual(before);
    const days: unknown = await runner.query(
      `SELECT state, drop_day::text = 'infinity' AS long, expires_at > now() + interval '50 days' AS late FROM baton.job_history ORDER BY finished_at DESC`,
    );
    expect(days).toEqual([
      { state: 'succeeded', long: false, late: false },
      { state: 'cancelled', long: false, late: false },
      { state: 'dead', long: true, late: true },
      { state: 'succeeded', long: false, late: false },
    ]);
  } finally {
    await runner.release();
  }
});
