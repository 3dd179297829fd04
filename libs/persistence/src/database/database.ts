import pg from 'pg';
import { DataSource } from 'typeorm';
import { entities } from '../entities/index.js';
import { migrations } from '../migrations/index.js';

export interface DatabaseOptions {
  /** Shown in pg_stat_activity, so that an operator sees whose session it is. */
  applicationName: string;
  /** Connections in the pool. */
  max?: number;
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
}

/**
 * One pool to PostgreSQL, seen two ways: `orm` for the ordinary reads and writes, `pool` for the hot
 * statements of `sql/`. Every session has a statement time-out and a lock time-out.
 */
export class Database {
  private constructor(
    readonly url: string,
    readonly orm: DataSource,
    readonly pool: pg.Pool,
  ) {}

  static async open(url: string, options: DatabaseOptions): Promise<Database> {
    const orm = new DataSource({
      type: 'postgres',
      url,
      schema: 'baton',
      entities,
      migrations,
      migrationsTableName: 'migration',
      synchronize: false,
      applicationName: options.applicationName,
      poolSize: options.max ?? 10,
      extra: {
        statement_timeout: options.statementTimeoutMs ?? 15_000,
        lock_timeout: options.lockTimeoutMs ?? 5_000,
        idle_in_transaction_session_timeout: 30_000,
        connectionTimeoutMillis: 5_000,
        keepAlive: true,
        types: { getTypeParser },
      },
    });
    await orm.initialize();
    return new Database(url, orm, poolOf(orm));
  }

  async close(): Promise<void> {
    if (this.orm.isInitialized) await this.orm.destroy();
  }
}

/** Brings the schema to this release's; several services may call it at once. */
export async function migrate(url: string): Promise<void> {
  const lock = new pg.Client({ connectionString: url, application_name: 'baton-migrate' });
  await lock.connect();
  try {
    // The number is arbitrary and only has to be the same in every release.
    await lock.query('SELECT pg_advisory_lock(7208301)');
    await lock.query('CREATE SCHEMA IF NOT EXISTS baton');
    const database = await Database.open(url, { applicationName: 'baton-migrate', max: 1, statementTimeoutMs: 0 });
    try {
      await database.orm.runMigrations({ transaction: 'each' });
    } finally {
      await database.close();
    }
  } finally {
    await lock.end();
  }
}

function poolOf(orm: DataSource): pg.Pool {
  const pool = (orm.driver as unknown as { master?: unknown }).master;
  if (!(pool instanceof pg.Pool)) throw new TypeError('TypeORM no longer keeps a pg.Pool as its master');
  return pool;
}

const int8 = 20;
const timestamptz = 1184;

/**
 * bigint reads as number (ids and milliseconds stay below 2^53). timestamptz stays a Date, the rest pg's own.
 */
function getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === int8 && format !== 'binary') return Number;
  if (oid === timestamptz && format !== 'binary') return (text: string) => new Date(isoOf(text));
  return pg.types.getTypeParser(oid, format);
}

/** PostgreSQL's `2026-11-24 02:33:00.123+00` as ISO 8601; Date's own parser is faster than pg's. */
function isoOf(text: string): string {
  return text.endsWith('+00') ? `${text.slice(0, -3).replace(' ', 'T')}Z` : text;
}
