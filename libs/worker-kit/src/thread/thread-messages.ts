import type { ErrorCode } from '@baton/contracts';
import type { Delivery } from '../execution/delivery.js';
import type { Outcome } from '../execution/outcome.js';
import type { ProgressNote } from '../execution/progress-note.js';
import type { Log } from '../log.js';

/** What a thread is started with. */
export interface ThreadData {
  /** The module that exports the controller. */
  module: string;
  queue: string;
}

/** An error as it crosses between threads. */
export interface PlainError {
  name: string;
  code: ErrorCode;
  message: string;
}

/** To the thread, which runs one job at a time. */
export type ToThread =
  | {
      readonly say: 'run';
      readonly delivery: Delivery;
      readonly deadlineMs: number;
      readonly context: ThreadContext;
    }
  | { readonly say: 'abort'; readonly executionId: string; readonly cause: PlainError }
  | { readonly say: 'kept'; readonly note: number; readonly error?: PlainError | undefined };

/** The trace context of the run: its span's ids, where there is one. */
export interface ThreadContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** From the thread. */
export type FromThread =
  | { readonly say: 'ready' }
  | { readonly say: 'unusable'; readonly why: string }
  | { readonly say: 'note'; readonly note: number; readonly progress: ProgressNote }
  | { readonly say: 'log'; readonly level: LogLevel; readonly fields: object; readonly message: string }
  | { readonly say: 'ended'; readonly outcome: Outcome; readonly chosen: boolean };

/** Writes what a thread logged. */
export function writeLog(log: Log, { level, fields, message }: Extract<FromThread, { say: 'log' }>): void {
  log[level](fields, message);
}
