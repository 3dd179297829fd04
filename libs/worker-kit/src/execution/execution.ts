import type { RunSpan } from '@baton/tracing';
import type { ExecutionView } from '../handler/job-context.js';
import { OwnershipLostError, type AbortCause } from './abort-causes.js';
import type { Delivery } from './delivery.js';
import { ProgressReports, type SayNote } from './progress-reports.js';

/**
 * One entry of a handler. running → (aborted) → ended. It is aborted at most once, except that the loss of the job
 * overrides every other cause. Times are those of `performance.now()` unless they end in `Ms`.
 */
export class Execution implements ExecutionView {
  readonly startedAtMs = Date.now();
  readonly startedAt = performance.now();
  /** When it is announced, if the source wants that; then `Infinity`. */
  announceAt = Infinity;
  abortedAt: number | undefined;
  ended = false;
  span: RunSpan | undefined;
  readonly reports: ProgressReports;
  /** Called when its handler did not let go. */
  onGivenUp: (() => void) | undefined;
  private controller: AbortController | undefined;
  private abortCause: AbortCause | undefined;

  constructor(
    readonly delivery: Delivery,
    /** Bound of this attempt. */
    readonly timeoutMs: number,
    onProgress: (execution: Execution, ...said: Parameters<SayNote>) => void,
    progressEveryMs?: number,
  ) {
    this.reports = new ProgressReports((note, onKept) => onProgress(this, note, onKept), progressEveryMs);
  }

  get id(): string {
    return this.delivery.executionId;
  }

  get deadlineMs(): number {
    return this.startedAtMs + this.timeoutMs;
  }

  get timeoutAt(): number {
    return this.startedAt + this.timeoutMs;
  }

  get cause(): AbortCause | undefined {
    return this.abortCause;
  }

  /** Made when the handler first asks: most never do. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.abortCause) this.controller.abort(this.abortCause);
    }
    return this.controller.signal;
  }

  /** Tells the handler to let go. */
  abort(cause: AbortCause): void {
    if (this.ended || (this.abortCause && !(cause instanceof OwnershipLostError))) return;
    this.abortedAt ??= performance.now();
    this.abortCause = cause;
    this.controller?.abort(cause);
  }
}
