import type { ErrorCode } from '@baton/contracts';

export type ExecutionResult =
  | { kind: 'json'; json: string }
  | { kind: 'file'; bytes: Buffer; mediaType: string; name: string; sha256: string };

export interface ExecutionFailure {
  code: ErrorCode;
  message: string;
  stack?: string;
  /** False: no retry can help. */
  retryable: boolean;
}

/** How an execution ended. Times are milliseconds since the epoch, by this process's clock. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: ExecutionResult }
  | { readonly kind: 'failed'; readonly error: ExecutionFailure; readonly retryAtMs?: number }
  | { readonly kind: 'snoozed'; readonly retryAtMs: number }
  | { readonly kind: 'cancelled'; readonly error: ExecutionFailure }
  /** Handed back unfinished, which is no failure: this worker drains. */
  | { readonly kind: 'released' };
