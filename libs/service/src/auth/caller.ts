import { BatonError, type Scope } from '@baton/contracts';

/** Who calls with an API key. */
export interface KeyCaller {
  kind: 'key';
  keyId: string;
  tenantId: string;
  tenantName: string;
  scopes: readonly Scope[];
}

/** Who calls with a job token: may read that one job. */
export interface JobCaller {
  kind: 'job';
  jobId: string;
  tenantId: string;
  /** Its token's; milliseconds since 1970. */
  expiresAtMs: number;
  scopes: readonly Scope[];
}

export type Caller = KeyCaller | JobCaller;

/** Whose limits a caller's open requests and streams count against: its key's, or its one job's. */
export function holderOf(caller: Caller): string {
  return caller.kind === 'key' ? caller.keyId : caller.jobId;
}

const callers = new WeakMap<object, Caller>();

/** Keeps who calls with the request; raw routes that authenticate by themselves do this too. */
export function setCaller(request: object, caller: Caller): void {
  callers.set(request, caller);
}

/** @throws BatonError `unauthenticated` when the request was not authenticated */
export function callerOf(request: object): Caller {
  const caller = callers.get(request);
  if (!caller) throw new BatonError('unauthenticated', 'this request was not authenticated');
  return caller;
}
