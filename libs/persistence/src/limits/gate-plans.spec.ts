import { createTestDatabase, seedTenant, type TestDatabase } from '../testing.js';
import { admissionTexts } from '../sql/admit-through-gates.sql.js';
import { keyGate, noTenant, queueGate } from '../sql/gate-key.js';

/** Jobs that stand before each gate: a backlog of 100,000 that may not be scanned. */
const backlog = 34_000;

let test: TestDatabase;
const names = { plain: '', fair: '', keyed: '' };
let keyTenant: string;

beforeAll(async () => {
  test = await createTestDatabase();
  const { pool } = test.database;
  for (const name of ['plain', 'fair', 'keyed'] as const) {
    const { tenantId, queue } = await seedTenant(test.database);
    names[name] = queue;
    keyTenant = tenantId;
    await pool.query(
      `UPDATE baton.queue SET concurrency_total = 10, concurrency_per_key = CASE WHEN $2 = 'keyed' THEN 1 END,
         fairness = CASE WHEN $2 = 'fair' THEN 'tenant' ELSE 'none' END WHERE name = $1`,
      [queue, name],
    );
    await pool.query(
      `INSERT INTO baton.job (id, tenant_id, queue, state, reason, gate, priority, payload, max_attempts, timeout_ms, seq, created_at, concurrency_key)
       SELECT uuidv7(), CASE WHEN $3 = 'fair' THEN md5((n % 200)::text)::uuid ELSE $2 END, $1, 'held', 'concurrency',
         CASE WHEN $3 = 'keyed' THEN 1 ELSE 2 END, 1, 'null', 5, 1000, 2, now(), CASE WHEN $3 = 'keyed' THEN 'k' || n % 100 END
       FROM generate_series(1, $4) AS n`,
      [queue, tenantId, name, backlog],
    );
    // The next that it lets through is a turn of the normal ones.
    await pool.query(`INSERT INTO baton.gate (queue, key, tenant_id, taken) VALUES ($1, $2, $3, 31)`, [
      queue,
      name === 'keyed' ? 'k1' : '',
      name === 'keyed' ? tenantId : noTenant,
    ]);
  }
  await pool.query('ANALYZE baton.job');
}, 60_000);
afterAll(() => test.close());

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Node[];
}

/** The plan as it runs under its prepared name, whatever the values. */
async function explain(
  level: 1 | 2,
  queue: string,
  keys: readonly string[],
  tenantId: string,
): Promise<Node> {
  const all = (value: (key: string) => string): string => `ARRAY[${keys.map(value).join(', ')}]`;
  const gates = [
    all(() => `'${queue}'`),
    all((key) => `'${key}'`),
    all(() => `'${tenantId}'::uuid`),
    all(() => '0'),
  ];
  const values = [...gates, 'NULL', 'ARRAY[]::text[]', 'ARRAY[]::uuid[]'].join(', ');
  const client = await test.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL plan_cache_mode = 'force_generic_plan'`);
    await client.query(`PREPARE admit AS ${admissionTexts[level]}`);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE admit(${values})`,
    );
    await client.query('DEALLOCATE admit');
    return rows[0]!['QUERY PLAN'][0].Plan;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

it.each([
  ['plain', queueGate],
  ['fair', queueGate],
  ['keyed', keyGate],
] as const)(
  'a %s queue’s gate reads few of 100,000 held jobs: as many as it lets through',
  async (name, level) => {
    const keyed = name === 'keyed';
    const plan = await explain(level, names[name], [keyed ? 'k1' : ''], keyed ? keyTenant : noTenant);
    const scans = nodesOf(plan).filter(
      (node) => node['Relation Name'] === 'job' && node['Node Type'].includes('Seq'),
    );
    expect(scans).toEqual([]);
    // 10 jobs of at most 10 tenants, with what their updates write: a scan of the backlog would read thousands.
    expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(1_000);
  },
);

it('of a batch of keys each gate is looked up by itself, however many the queue has', async () => {
  await test.database.pool.query(
    `INSERT INTO baton.gate (queue, key, tenant_id) SELECT $1, 'other' || n, $2 FROM generate_series(1, 2000) AS n`,
    [names.keyed, keyTenant],
  );
  const keys = Array.from({ length: 50 }, (_, i) => `other${i + 1}`);
  const plan = await explain(keyGate, names.keyed, keys, keyTenant);
  const gatesRead = nodesOf(plan)
    .filter((node) => node['Relation Name'] === 'gate')
    .map((node) => node['Actual Rows'] * node['Actual Loops']);
  // Once to read it, and once to write it.
  for (const rows of gatesRead) expect(rows).toBeLessThanOrEqual(keys.length);
});
