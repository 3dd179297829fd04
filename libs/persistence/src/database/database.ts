import pg from 'pg';
import type { DataSource } from 'typeorm';
import { faultKind } from '../transaction/sqlstate.js';
import { openOrm } from './open-orm.js';
import { getTypeParser } from './type-parsers.js';
import type { SessionSettings } from './session-settings.js';

export interface DatabaseOptions {
  /**
   * Plans each statement once a connection, whatever its values: for who runs hot statements alone. Else PostgreSQL plans anew
   * where it hopes to gain by the values, and planning a settle of one job takes it ten times as long as the settle.
   */
  plansOnce?: boolean;
  /** Shown in pg_stat_activity, so that an operator sees whose session it is. */
  applicationName: string;
  /** Connections in the pool. */
  max?: number;
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
}

/** So much later than PostgreSQL would have ended a statement its answer is not waited for any more. */
const answerMs = 5_000;

/**
 * Every hot statement reaches its rows by an index. Left to itself, PostgreSQL keeps for a prepared statement the plan
 * that was best while the tables were all but empty, which scans them, and goes on scanning when they are not.
 */
const hotPlans = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';

/**
 * PostgreSQL as the services use it: `pool` for the statements of `sql/`, `orm` for migrations and whoever reads and
 * writes by entity. Every session has a statement time-out and a lock time-out. It opens although PostgreSQL is away,
 * so that a service can say that it is not ready instead of ending; what is asked of it meanwhile fails.
 */
export class Database {
  readonly pool: pg.Pool;
  private readonly session: SessionSettings;
  private source: Promise<DataSource> | undefined;

  private constructor(
    readonly url: string,
    private readonly options: DatabaseOptions,
  ) {
    const { statementTimeoutMs = 15_000 } = options;
    this.session = {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + answerMs,
      lock_timeout: options.lockTimeoutMs ?? 5_000,
      idle_in_transaction_session_timeout: 30_000,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      types: { getTypeParser },
    };
    const { applicationName } = options;
    this.pool = new pg.Pool({
      ...this.session,
      options: options.plansOnce ? `${hotPlans} -c plan_cache_mode=force_generic_plan` : hotPlans,
      connectionString: url,
      application_name: applicationName,
      // A statement is sent although the answer to the one before it has not come: see `transaction/`.
      pipeline: true,
      max: options.max ?? 10,
    });
    // An idle connection that breaks is replaced by the pool; whoever uses one gets the error itself.
    this.pool.on('error', () => undefined);
    // So is one that breaks between two statements of a transaction: its next statement fails.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Throws what PostgreSQL will not get over by itself: a wrong password, a database that is not there. */
  static async open(url: string, options: DatabaseOptions): Promise<Database> {
    const database = new Database(url, options);
    try {
      (await database.pool.connect()).release();
    } catch (error) {
      if (faultKind(error) === 'passing') return database;
      await database.close();
      throw error;
    }
    return database;
  }

  /**
   * TypeORM, connected, with connections of its own. It is loaded when it is first asked for: no service asks for it,
   * and it would hold a tenth of their memory. A call that fails leaves the next one to try again.
   */
  orm(): Promise<DataSource> {
    this.source ??= openOrm(this.url, this.options, this.session).catch((error: unknown) => {
      this.source = undefined;
      throw error;
    });
    return this.source;
  }

  async close(): Promise<void> {
    await (await this.source)?.destroy();
    await this.pool.end();
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
      const orm = await database.orm();
      await orm.runMigrations({ transaction: 'each' });
    } finally {
      await database.close();
    }
  } finally {
    await lock.end();
  }
}
