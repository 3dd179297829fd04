import { createHash, randomUUID } from 'node:crypto';
import { sharedTestStack } from '@baton/local-stack';
import pg from 'pg';
import { Database, migrate } from '../database/database.js';
import { migrations } from '../migrations/index.js';
import { transitionGuard } from './transition-guard.sql.js';

export interface TestDatabase {
  url: string;
  database: Database;
  /** Moves the database's clock (`baton.now()`) by so many milliseconds from where it is. */
  shiftClock(ms: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A database of its own for one test file, copied from a template that is migrated once a schema.
 * @param options.applicationName shown in pg_stat_activity
 */
export async function createTestDatabase({ applicationName = 'test', max = 10 } = {}): Promise<TestDatabase> {
  const { databaseUrl } = await sharedTestStack();
  const template = await templateDatabase(databaseUrl);
  const name = `baton_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(databaseUrl, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = withDatabase(databaseUrl, name);
  const database = await Database.open(url, { applicationName, max });
  return {
    url,
    database,
    async shiftClock(ms) {
      await database.pool.query(`UPDATE baton.clock SET shift = shift + $1 * interval '1 ms'`, [ms]);
    },
    async close() {
      await database.close();
      await onServer(databaseUrl, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function templateDatabase(serverUrl: string): Promise<string> {
  const texts = await Promise.all(migrations.map(schemaText));
  const name = `baton_template_${createHash('sha256')
    .update(JSON.stringify(texts) + transitionGuard)
    .digest('hex')
    .slice(0, 16)}`;
  await onServer(serverUrl, async (client) => {
    // Held by this session while the template is made; other test files wait for it here.
    await client.query('SELECT pg_advisory_lock(7208399)');
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return;
    const building = `${name}_building`;
    await client.query(`DROP DATABASE IF EXISTS ${building} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${building}`);
    await migrate(withDatabase(serverUrl, building));
    await onServer(withDatabase(serverUrl, building), (own) => own.query(transitionGuard));
    await client.query(`ALTER DATABASE ${building} RENAME TO ${name}`);
  });
  return name;
}

/** The text that a migration would run, so that an edited one makes a new template. */
async function schemaText(migration: (typeof migrations)[number]): Promise<string[]> {
  const texts: string[] = [];
  const recorder = { query: (text: string) => Promise.resolve(void texts.push(text)) };
  await new migration().up(recorder as never);
  return texts;
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'baton-test-admin' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
