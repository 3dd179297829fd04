import type { Caller } from '@baton/service';

/** Whose limits a caller's open requests and streams count against: its key's, or its one job's. */
export function holderOf(caller: Caller): string {
  return caller.kind === 'key' ? caller.keyId : caller.jobId;
}
