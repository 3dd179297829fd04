import { BatonError } from '@baton/contracts';

/** The connection is not one session: a transaction pooler stands between. */
export class PooledSessionError extends BatonError {
  constructor(seen: string) {
    super(
      'unavailable',
      `DATABASE_URL leads to a transaction pooler (${seen}), behind which session locks belong to nobody in particular. ` +
        `Give a direct connection to PostgreSQL, or one through a pooler in session mode`,
      { retryable: false },
    );
  }
}
