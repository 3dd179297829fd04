import { jobStates, transitions } from '@baton/contracts';
import { createTestDatabase, type TestDatabase } from '../testing.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

async function rows(sql: string): Promise<unknown[][]> {
  const { rows } = await test.database.pool.query<unknown[]>({ text: sql, rowMode: 'array' });
  return rows;
}

it('has the state machine of the contracts', async () => {
  const known = await rows(
    'SELECT from_state, to_state, moved_by FROM baton.job_transition ORDER BY 1, 2, 3',
  );
  expect(known.map((row) => row.join(' ')).sort()).toEqual(
    transitions.map(({ from, to, by }) => `${from} ${to} ${by}`).sort(),
  );
  expect((await rows(`SELECT unnest(enum_range(NULL::baton.job_state))`)).flat()).toEqual([...jobStates]);
});

it('refuses, in tests, a move that the state machine does not know', async () => {
  await test.database.pool.query(
    `INSERT INTO baton.job (id, tenant_id, queue, state, priority, payload, max_attempts, timeout_ms, seq, created_at)
     VALUES ('00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'q', 'scheduled', 1, 'null', 5, 1000, 2, now())`,
  );
  await expect(test.database.pool.query(`UPDATE baton.job SET state = 'running'`)).rejects.toThrow(
    /no transition from scheduled to running/,
  );
});

it('has an entity for each table of records, with its very columns', async () => {
  const orm = await test.database.orm();
  const described = orm.entityMetadatas.map(({ tableName, columns }) => ({
    table: tableName,
    columns: columns.map((column) => column.databaseName).sort(),
  }));
  for (const { table, columns } of described) {
    const found = await rows(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = 'baton' AND table_name = '${table}' ORDER BY 1`,
    );
    expect({ table, columns }).toEqual({ table, columns: found.flat().map(String).sort() });
  }
  // What is no record: the clock, the state machine's copy, TypeORM's own, and partitions.
  const others = ['clock', 'job_transition', 'migration'];
  const tables = await rows(
    `SELECT relname FROM pg_class c WHERE relnamespace = 'baton'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
  );
  expect(tables.flat().sort()).toEqual([...described.map(({ table }) => table), ...others].sort());
});

it('gives history and attempts every column that a job’s row has', async () => {
  const columns = (table: string) =>
    rows(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = 'baton' AND table_name = '${table}'`,
    ).then((r) => r.flat());
  expect(await columns('job_history')).toEqual(expect.arrayContaining(await columns('job')));
});
