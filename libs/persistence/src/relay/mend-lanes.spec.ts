import { type SpecDatabase, seedJobs, useTestDatabase } from '../testing.js';
import { type MendedLanes, mendLanes } from './mend-lanes.js';

const test: SpecDatabase = useTestDatabase();

async function mended(): Promise<Pick<MendedLanes, 'strays'> & { released: string[] }> {
  const all: MendedLanes[] = [];
  await mendLanes(test.database.pool, (slice) => void all.push(slice));
  return {
    strays: all.reduce((sum, { strays }) => sum + strays, 0),
    released: all.flatMap(({ released }) => released.map(({ jobId }) => jobId)).sort(),
  };
}
const query = (text: string, values: unknown[]) => test.database.pool.query(text, values);

it('finds nothing where each lane has its holder, and lets the next go where none is there', async () => {
  const lane = (orderingKey: string) =>
    seedJobs(test.database, test.tenant, [{ orderingKey }, { orderingKey }, { orderingKey }]);
  const [whole, gone, lost, busy] = [await lane('a'), await lane('b'), await lane('c'), await lane('d')];
  expect(await mended()).toEqual({ strays: 0, released: [] });

  // As if their ends had let nobody go.
  await query('DELETE FROM baton.job WHERE id = ANY ($1::uuid[])', [[gone[0], lost[0], busy[0]]]);
  await query(`DELETE FROM baton.lane WHERE queue = $1 AND ordering_key = 'c'`, [test.tenant.queue]);
  const other = await test.database.pool.connect();
  try {
    await other.query('BEGIN');
    await other.query(`SELECT FROM baton.lane WHERE queue = $1 AND ordering_key = 'd' FOR UPDATE`, [
      test.tenant.queue,
    ]);
    expect(await mended()).toEqual({ strays: 2, released: [gone[1], lost[1]].sort() });
    await other.query('ROLLBACK');
  } finally {
    other.release();
  }
  expect(await mended()).toEqual({ strays: 1, released: [busy[1]] });
  expect(await mended()).toEqual({ strays: 0, released: [] });
  const { rows } = await query('SELECT id FROM baton.job WHERE queue = $1 AND state = $2 ORDER BY id', [
    test.tenant.queue,
    'queued',
  ]);
  expect(rows).toEqual([whole[0], gone[1], lost[1], busy[1]].map((id) => ({ id })));
});
