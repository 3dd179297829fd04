import { BatonError } from '@baton/contracts';
import type { Transaction } from '../transaction/transaction.js';
import { run, type Queryable } from './statement.js';

export interface FlowRow {
  id: string;
  tenantId: string;
  /** `names[i]` is `jobIds[i]`. */
  names: string[];
  jobIds: string[];
}

const insert = `INSERT INTO baton.flow (id, tenant_id, names, job_ids) VALUES ($1, $2, $3, $4)`;

export async function insertFlow(tx: Transaction, flow: FlowRow): Promise<void> {
  await run(tx, 'insert-flow', insert, [flow.id, flow.tenantId, flow.names, flow.jobIds]);
}

const find = `
SELECT id FROM baton.flow WHERE tenant_id = $1 AND job_ids[1] = ($2::uuid[])[1] AND job_ids = $2::uuid[]
ORDER BY created_at DESC LIMIT 1`;

/** The flow that made these jobs, in this order. @throws BatonError `not_found` when it is past its retention */
export async function findFlow(db: Queryable, tenantId: string, jobIds: readonly string[]): Promise<string> {
  const [row] = await run<{ id: string }>(db, 'find-flow', find, [tenantId, jobIds]);
  if (!row) throw new BatonError('not_found', `the flow of job ${jobIds[0]} is past its retention`);
  return row.id;
}

const read = `
SELECT id, tenant_id AS "tenantId", names, job_ids AS "jobIds",
  floor(extract(epoch FROM created_at) * 1000)::bigint AS "createdAtMs"
FROM baton.flow WHERE tenant_id = $1 AND id = $2`;

/** @returns undefined for an id that is unknown or another tenant's */
export async function readFlow(
  db: Queryable,
  tenantId: string,
  id: string,
): Promise<(FlowRow & { createdAtMs: number }) | undefined> {
  const [row] = await run<FlowRow & { createdAtMs: number }>(db, 'read-flow', read, [tenantId, id]);
  return row;
}
