import type { ErrorCode } from '@baton/contracts';

/** A file as it is told of: with its bytes, or with the name under which they lie in S3. */
export interface KeptFile {
  kind: 'file';
  mediaType: string;
  name: string;
  /** Hex. */
  sha256: string;
  /** Bytes. */
  size: number;
  bytes?: Buffer;
  key?: string;
}

export type ExecutionResult = { kind: 'json'; json: string } | KeptFile;

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
