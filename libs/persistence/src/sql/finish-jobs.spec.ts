import { randomUUID } from 'node:crypto';
import { settleBatch } from '../settle/settle-batch.js';
import type { Settlement } from '../settle/settlement.js';
import { seedJobs, useTestDatabase } from '../testing.js';

const test = useTestDatabase('event');

/** Until a session waits for a lock of another. */
async function somebodyWaits(): Promise<void> {
  const text = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await test.database.pool.query(text)).rowCount === 0)
    await new Promise((resolve) => setImmediate(resolve));
}

const success: Partial<Settlement> = { kind: 'succeeded', result: { kind: 'json', json: '1' } };
const start: Partial<Settlement> = { kind: 'started' };
const failure: Partial<Settlement> = {
  kind: 'failed',
  error: { code: 'handler_error', message: 'boom', retryable: true },
};

it.each<[string, readonly Partial<Settlement>[]]>([
  ['plain successes', [success]],
  ['ends from which more follows', [{ kind: 'succeeded', follows: true }]],
  ['starts', [start]],
  ['ends, failures and starts in one batch', [success, failure, start]],
])('%s lock their jobs by id, whatever the order in which they were said', async (_, said) => {
  const ids = await seedJobs(test.database, test.tenant, [{}, {}, {}]);
  const { pool } = test.database;
  const settlements = ids.toReversed().map((jobId, i): Settlement => ({
    ...test.tenant,
    jobId,
    attempt: 1,
    executionId: randomUUID(),
    workerId: randomUUID(),
    orderingKey: undefined,
    startedAtMs: Date.now(),
    kind: 'started',
    ...said[(ids.length - 1 - i) % said.length],
  }));
  // As an accept that names two of them as parents, or a cancel of them all.
  const other = await pool.connect();
  try {
    await other.query('BEGIN');
    const lock = (id: string | undefined) =>
      other.query('SELECT FROM baton.job WHERE id = $1 FOR UPDATE NOWAIT', [id]);
    await lock(ids[0]);
    const settling = settleBatch(pool, settlements);
    await somebodyWaits();
    await lock(ids[2]);
    await other.query('ROLLBACK');
    const { settled } = await settling;
    expect(settled.map(({ verdict }) => verdict)).toEqual(['applied', 'applied', 'applied']);
  } finally {
    other.release();
  }
});
