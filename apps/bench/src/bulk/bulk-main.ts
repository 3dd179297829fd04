/**
 * How jobs in bulk get into PostgreSQL fastest: `unnest` or `COPY`, in batches of 1,000. Run it as
 * `node --conditions=@baton/source --import <tools/ts-hook.mjs> bulk-main.ts <database URL> [rows]`, on a database that is
 * migrated and otherwise idle.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { type BulkRow, insertByCopy, insertByUnnest, makeStage } from './bulk-insert.sql.js';

const [url = '', count = '200000'] = process.argv.slice(2);
const batch = 1_000;
const rounds = 3;

const client = new pg.Client({ connectionString: url });
await client.connect();
const tenantId = randomUUID();
const queue = `bulk-${tenantId.slice(0, 8)}`;
await client.query('INSERT INTO baton.queue (name) VALUES ($1)', [queue]);
await makeStage(client);

const ways = { unnest: insertByUnnest, copy: insertByCopy };
for (let round = 1; round <= rounds; round++) {
  for (const [name, insert] of Object.entries(ways)) {
    await client.query('DELETE FROM baton.job WHERE queue = $1', [queue]);
    await client.query('VACUUM ANALYZE baton.job');
    await client.query('CHECKPOINT');
    const began = performance.now();
    for (let done = 0; done < Number(count); done += batch) await insert(client, rowsOf(batch));
    const seconds = (performance.now() - began) / 1_000;
    console.log(`${name} round ${round}: ${Math.round(Number(count) / seconds)} jobs/s`);
  }
}
await client.query('DELETE FROM baton.job WHERE queue = $1', [queue]);
await client.query('DELETE FROM baton.queue WHERE name = $1', [queue]);
await client.end();

function rowsOf(size: number): BulkRow[] {
  return Array.from({ length: size }, (_, n) => ({
    id: uuidv7(),
    tenantId,
    queue,
    payload: JSON.stringify({ n, text: 'x'.repeat(100) }),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }));
}
