import { BatonError } from '@baton/contracts';
import { type Database, faultKind, readResults, type Standing } from '@baton/persistence';
import type { ResultReader } from '../result-reader.js';

/** The truth. */
export class PostgresResultReader implements ResultReader {
  constructor(private readonly database: Database) {}

  async read(jobIds: readonly string[]): Promise<Map<string, Standing>> {
    try {
      return await readResults(this.database.pool, jobIds);
    } catch (error) {
      if (faultKind(error) !== 'passing') throw error;
      throw new BatonError('unavailable', 'PostgreSQL is not reachable', {
        cause: error,
        retryAfterSeconds: 1,
      });
    }
  }
}
