import type { CustomTypesConfig } from 'pg';

/** What every session of a service has, whoever opens it. */
export interface SessionSettings {
  statement_timeout: number;
  /** After which a statement counts as lost: its connection is dead, and says nothing of it. 0: never. */
  query_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
  connectionTimeoutMillis: number;
  keepAlive: boolean;
  types: CustomTypesConfig;
}
