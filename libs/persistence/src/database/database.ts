import { BatonError } from '@baton/contracts';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { entities } from '../entities/index.js';
import { migrations } from '../migrations/index.js';
import { faultKind } from '../transaction/sqlstate.js';

export interface DatabaseOptions {
  /** Shown in pg_stat_activity, so that an operator sees whose session it is. */
  applicationName: string;
  /** Connections in the pool. */
  max?: number;
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
}

/**
 * Every hot statement reaches its rows by an index. Left to itself, PostgreSQL keeps for a prepared statement the plan
 * that was best while the tables were all but empty, which scans them, and goes on scanning when they are not.
 */
const hotPlans = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';

/** Connections of the ordinary reads and writes, beside those of the hot statements. */
const ormConnections = 4;
const reconnectMs = 1_000;

/**
 * PostgreSQL as the services use it: `pool` for the hot statements of `sql/`, `orm` for the ordinary reads and
 * writes. Every session has a statement time-out and a lock time-out. It opens although PostgreSQL is away, so
 * that a service can say that it is not ready instead of ending; what is asked of it meanwhile fails.
 */
export class Database {
  readonly pool: pg.Pool;
  private readonly source: DataSource;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  private constructor(
    readonly url: string,
    options: DatabaseOptions,
  ) {
    const session = {
      statement_timeout: options.statementTimeoutMs ?? 15_000,
      lock_timeout: options.lockTimeoutMs ?? 5_000,
      idle_in_transaction_session_timeout: 30_000,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      types: { getTypeParser },
    };
    const { applicationName } = options;
    this.pool = new pg.Pool({
      ...session,
      options: hotPlans,
      connectionString: url,
      application_name: applicationName,
      max: options.max ?? 10,
    });
    // An idle connection that breaks is replaced by the pool; whoever uses one gets the error itself.
    this.pool.on('error', () => undefined);
    // So is one that breaks between two statements of a transaction: its next statement fails.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    this.source = new DataSource({
      type: 'postgres',
      url,
      schema: 'baton',
      entities,
      migrations,
      migrationsTableName: 'migration',
      synchronize: false,
      applicationName,
      poolSize: Math.min(ormConnections, options.max ?? ormConnections),
      poolErrorHandler: () => undefined,
      extra: session,
    });
  }

  static async open(url: string, options: DatabaseOptions): Promise<Database> {
    const database = new Database(url, options);
    await database.initialise();
    return database;
  }

  /** @throws BatonError `unavailable` while PostgreSQL has not been reached yet */
  get orm(): DataSource {
    if (!this.source.isInitialized)
      throw new BatonError('unavailable', 'PostgreSQL has not been reached yet');
    return this.source;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    if (this.source.isInitialized) await this.source.destroy();
    await this.pool.end();
  }

  private async initialise(): Promise<void> {
    try {
      await this.source.initialize();
    } catch (error) {
      if (faultKind(error) !== 'passing') throw error;
      if (!this.closed) this.retry = setTimeout(() => void this.initialise(), reconnectMs);
    }
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
    const database = await Database.open(url, {
      applicationName: 'baton-migrate',
      max: 1,
      statementTimeoutMs: 0,
    });
    try {
      await database.orm.runMigrations({ transaction: 'each' });
    } finally {
      await database.close();
    }
  } finally {
    await lock.end();
  }
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
