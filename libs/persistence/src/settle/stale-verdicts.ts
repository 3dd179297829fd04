import { findOwners } from '../sql/find-owners.sql.js';
import type { Queryable } from '../sql/statement.js';
import type { Settlement, Verdict } from './settlement.js';

/**
 * Of what changed nothing: whether its job's owner said it before, or somebody who does not own the attempt. Whoever asks
 * whether it may be entered is no owner of an attempt that is over.
 */
export async function staleVerdicts(
  db: Queryable,
  stale: readonly Settlement[],
): Promise<Map<Settlement, Verdict>> {
  const owners = await findOwners(
    db,
    stale.map((s) => s.jobId),
  );
  return new Map(
    stale.map((s) => {
      const owner = owners.get(s.jobId);
      const own = owner?.executionId === s.executionId && owner.attempt === s.attempt;
      return [s, own && (!s.asks || owner.running) ? 'duplicate' : 'refused'];
    }),
  );
}
