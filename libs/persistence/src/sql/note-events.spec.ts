import { randomUUID } from 'node:crypto';
import { useTestDatabase, seedJobs, seedTenant } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { noteEvents } from './note-events.sql.js';

const test = useTestDatabase();

it('numbers the events of a job in one series with those that its row tells', async () => {
  const { database } = test;
  const tenant = await seedTenant(database);
  const [one, two] = (await seedJobs(database, tenant, [{}, {}])) as [string, string];
  const before = await seqs();
  const noted = await inTransaction(database.pool, (tx) =>
    noteEvents(tx, [
      { jobId: one, type: 'job.progress', data: { fraction: 0.5 } },
      { jobId: two, type: 'job.cancel-requested' },
      { jobId: one, type: 'job.overdue' },
      { jobId: randomUUID(), type: 'job.overdue' },
    ]),
  );
  expect(noted).toHaveLength(3);
  const { rows } = await database.pool.query(
    'SELECT job_id, type, generation, seq, data FROM baton.job_event WHERE tenant_id = $1 ORDER BY job_id, seq',
    [tenant.tenantId],
  );
  const row = { generation: 0, data: null };
  expect(rows).toEqual([
    { ...row, job_id: one, type: 'job.progress', seq: before[0]! + 1, data: '{"fraction":0.5}' },
    { ...row, job_id: one, type: 'job.overdue', seq: before[0]! + 2 },
    { ...row, job_id: two, type: 'job.cancel-requested', seq: before[1]! + 1 },
  ]);
  expect(await seqs()).toEqual([before[0]! + 2, before[1]! + 1]);

  async function seqs(): Promise<number[]> {
    const found = await database.pool.query<{ seq: number }>(
      'SELECT seq FROM baton.job WHERE id = ANY ($1) ORDER BY id',
      [[one, two]],
    );
    return found.rows.map((r) => r.seq);
  }
});
