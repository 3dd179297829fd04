import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { Database } from './database.js';

const applicationName = 'database-test';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());

it('opens although PostgreSQL is away; what is asked of it fails', async () => {
  const away = await Database.open('postgres://baton@127.0.0.1:1/baton', { applicationName });
  await expect(away.pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(away.orm()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await away.close();
});

it('does not open what will not come about by waiting', async () => {
  const url = new URL(test.url);
  url.pathname = '/nowhere';
  await expect(Database.open(url.href, { applicationName })).rejects.toMatchObject({ code: '3D000' });
});

it('gives a connection up that does not answer any more, and goes on with another', async () => {
  const options = { applicationName, max: 1, statementTimeoutMs: 100 };
  const database = await Database.open(test.url, options);
  try {
    const client = await database.pool.connect();
    // A socket that no longer reads is what a half-open one looks like from here.
    client.connection.stream.pause();
    client.release();
    const began = performance.now();
    const { rows } = await inTransaction(database.pool, (tx) =>
      tx.query({ text: 'SELECT 1 AS one', values: [] }),
    );
    expect(rows).toEqual([{ one: 1 }]);
    expect(performance.now() - began).toBeLessThan(8_000);
  } finally {
    await database.close();
  }
});

it('connects TypeORM once, with the settings of the other sessions', async () => {
  const [one, other] = await Promise.all([test.database.orm(), test.database.orm()]);
  expect(one).toBe(other);
  expect(await one.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '15s' }]);
});

it('loads TypeORM for nobody who does not ask for it', () => {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const script = `
    import { createRequire } from 'node:module';
    await import('@baton/persistence');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    const names = ['pg', 'typeorm'].filter((name) => loaded.some((file) => file.includes('/node_modules/' + name + '/')));
    process.stdout.write(names.join());`;
  const args = [
    '--conditions=@baton/source',
    '--import',
    './tools/ts-hook.mjs',
    '--input-type=module',
    '-e',
    script,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: 'pg', stderr: '' });
});
