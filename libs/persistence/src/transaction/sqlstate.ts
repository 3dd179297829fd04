import { types } from 'node:util';
import { BatonError } from '@baton/contracts';

/**
 * What to do about a failed transaction. `passing`: it may go through when repeated unchanged (connection,
 * deadlock, resources, lock time-out, shutdown). `member`: one of its members cannot be stored, the others
 * can. `ours`: a defect of a statement.
 */
export type FaultKind = 'passing' | 'member' | 'ours';

const passingClasses = new Set(['08', '25', '40', '53', '55', '57']);
const memberClasses = new Set(['22', '23', '54']);
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

export function faultKind(error: unknown): FaultKind {
  if (BatonError.is(error)) return error.retryable ? 'passing' : 'ours';
  if (!types.isNativeError(error)) return 'ours';
  const code = sqlState(error);
  if (code !== undefined) {
    if (passingClasses.has(code.slice(0, 2)) || socketCodes.has(code)) return 'passing';
    return memberClasses.has(code.slice(0, 2)) ? 'member' : 'ours';
  }
  // pg reports a lost connection and a full pool by message alone.
  return isUnanswered(error) ||
    /connection (terminated|ended|timeout|closed)|timeout exceeded when trying to connect|not queryable|Client was closed/i.test(
      error.message,
    )
    ? 'passing'
    : 'ours';
}

/** The statement's connection has not answered within the session's `query_timeout`: whatever follows on it waits as long. */
export function isUnanswered(error: unknown): boolean {
  return types.isNativeError(error) && error.message === 'Query read timeout';
}

/** The SQLSTATE (or socket error code) of an error, its cause's included. */
export function sqlState(error: Error): string | undefined {
  const { code, driverError } = error as Error & { code?: unknown; driverError?: unknown };
  if (typeof code === 'string') return code;
  return types.isNativeError(driverError) ? sqlState(driverError) : undefined;
}
