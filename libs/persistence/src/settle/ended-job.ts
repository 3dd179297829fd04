import type { TerminalState } from '@baton/contracts';

/** A job that has just become terminal, with all that may follow from its end. */
export interface EndedJob {
  jobId: string;
  tenantId: string;
  queue: string;
  state: TerminalState;
  orderingKey: string | null;
  concurrencyKey: string | null;
  /** The gates whose slots it gives back. */
  slots: number;
  follows: boolean;
  hasDependants: boolean;
  pendingParents: number;
  flowId: string | null;
  uniqueHash: Buffer | null;
  /** JSON, as are the plan and what the client asked for. */
  webhook: string | null;
  delivery: string | null;
  /** An endpoint is to be told of it that it does not name. */
  subscribed: boolean;
}

/** What {@link endedColumns} selects. */
export type EndedColumns = {
  [K in keyof Omit<EndedJob, 'state'> as `ended_${K & string}`]: EndedJob[K];
};

const columns: Record<keyof Omit<EndedJob, 'state'>, string> = {
  jobId: 'id',
  tenantId: 'tenant_id',
  queue: 'queue',
  orderingKey: 'ordering_key',
  concurrencyKey: 'concurrency_key',
  slots: 'slots',
  follows: 'follows',
  hasDependants: 'has_dependants',
  pendingParents: 'pending_parents',
  flowId: 'flow_id',
  uniqueHash: 'unique_hash',
  webhook: 'webhook',
  delivery: 'delivery',
  subscribed: 'subscribed',
};

const told = Object.keys(columns).map((name) => [name, `ended_${name}` as keyof EndedColumns] as const);

/** SQL: the select list of a job that a statement has deleted from the live ones. */
export function endedColumns(table: string): string {
  return Object.entries(columns)
    .map(([name, column]) => `${table}.${column} AS "ended_${name}"`)
    .join(', ');
}

export function endedJob(row: EndedColumns, state: TerminalState): EndedJob {
  const ended: Record<string, unknown> = { state };
  for (const [name, column] of told) ended[name] = row[column];
  return ended as unknown as EndedJob;
}
