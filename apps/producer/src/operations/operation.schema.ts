import { operationKinds, type OperationRow, operationStates } from '@baton/persistence';
import { z } from 'zod';

const time = z.iso.datetime();

/** Jobs a second. */
export const rateSchema = z.int().min(1).max(10_000);

export const operationSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(operationKinds),
    state: z.enum(operationStates),
    filter: z.record(z.string(), z.unknown()).meta({ description: 'which jobs; of a list of ids, how many' }),
    reason: z.string().optional(),
    done: z.int().meta({ description: 'jobs worked off so far' }),
    failed: z.int().meta({ description: 'jobs whose state did not allow it' }),
    total: z.int().optional().meta({ description: 'where it is known before: of a list of ids' }),
    ratePerSecond: z.int().optional(),
    error: z.string().optional().meta({ description: 'why it failed' }),
    createdAt: time,
    updatedAt: time,
    finishedAt: time.optional(),
    links: z.object({ self: z.string() }),
  })
  .meta({ id: 'Operation' });

export const operationListSchema = z
  .object({ items: z.array(operationSchema), nextCursor: z.string().optional() })
  .meta({ id: 'OperationList' });

export function showOperation(row: OperationRow): z.output<typeof operationSchema> {
  const { ids, ...filter } = row.filter;
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    filter: ids ? { ...filter, ids: ids.length } : filter,
    ...(row.reason !== null && { reason: row.reason }),
    done: row.done,
    failed: row.failed,
    ...(row.total !== null && { total: row.total }),
    ...(row.ratePerSecond !== null && { ratePerSecond: row.ratePerSecond }),
    ...(row.error !== null && { error: row.error }),
    createdAt: new Date(row.createdAtMs).toISOString(),
    updatedAt: new Date(row.updatedAtMs).toISOString(),
    ...(row.finishedAtMs !== null && { finishedAt: new Date(row.finishedAtMs).toISOString() }),
    links: { self: `/v1/operations/${row.id}` },
  };
}
