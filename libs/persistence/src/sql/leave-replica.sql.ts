import { run, type Queryable } from './statement.js';

const text = 'DELETE FROM baton.relay_replica WHERE id = $1::uuid';

/** Takes a replica's row away, so that the others' share grows at their next look. */
export async function leaveReplica(db: Queryable, replicaId: string): Promise<void> {
  await run(db, 'leave-replica', text, [replicaId]);
}
