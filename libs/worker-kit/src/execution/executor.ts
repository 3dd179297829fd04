import { runSeconds } from '@baton/tracing';
import type { UploadSource } from '../uploads/upload.js';
import type { ServedHandler, ServedHandlers } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import {
  AttemptTimeoutError,
  OwnershipLostError,
  WorkerDrainingError,
  type AbortCause,
} from './abort-causes.js';
import { Alarm } from './alarm.js';
import type { Delivery } from './delivery.js';
import { Execution } from './execution.js';
import { judge, type HandlerEnd } from './judge.js';
import type { Outcome } from './outcome.js';
import type { ProgressNote } from './progress-note.js';
import { recordWake } from './record-wake.js';
import { ResultKeeper } from './result-keeper.js';
import { runHandler } from './run-handler.js';

export interface ExecutorOptions {
  /** How many handlers run at once. */
  slots: number;
  handlers: ServedHandlers;
  log: Log;
  /** Where large results go; default: they stay in memory, up to 8 MiB. */
  results?: ResultKeeper | undefined;
  /** Where the uploads of jobs are read. */
  uploads?: UploadSource | undefined;
  /**
   * How long a handler has to let go after its signal was aborted. Then its slot is free and its outcome is told
   * without it, though it may still be at work: only a handler in a thread can be stopped from outside, and is. Default
   * 5,000 ms.
   */
  letGoMs?: number;
  /** Called once for a handler that is still running after so many milliseconds. */
  announce?: { afterMs: number; onRunning: (execution: Execution) => void };
  /** Called for what a handler says of its progress, at most once in `progressEveryMs` an execution; default 1,000. */
  onProgress: (execution: Execution, note: ProgressNote, onKept: (error?: Error) => void) => void;
  progressEveryMs?: number;
  /**
   * Called once an execution, when its slot is free again. Without an outcome there is nothing to tell.
   * @param left progress that was not told yet
   */
  onEnded: (execution: Execution, outcome: Outcome | undefined, left: ProgressNote | undefined) => void;
}

/**
 * Runs handlers in slots. An execution is in `running` from `start` until its handler has let go, or was given up
 * after its abort and the time to let go. One timer watches all of them.
 */
export class Executor {
  readonly running = new Map<string, Execution>();
  private readonly runningOf = new Map<string, number>();
  private readonly idleWaiters: (() => void)[] = [];
  private readonly alarm = new Alarm((now) => this.watch(now));
  private readonly letGoMs: number;
  private readonly results: ResultKeeper;

  constructor(private readonly options: ExecutorOptions) {
    this.letGoMs = options.letGoMs ?? 5_000;
    this.results = options.results ?? new ResultKeeper({});
  }

  get free(): number {
    return this.options.slots - this.running.size;
  }

  /** How many more jobs of the queue may start now. */
  freeFor(queue: string): number {
    const most = this.options.handlers.get(queue)?.concurrency;
    return most === undefined ? this.free : Math.min(this.free, most - (this.runningOf.get(queue) ?? 0));
  }

  /** Enters the handler at once. The caller has seen that a slot is free. */
  start(delivery: Delivery): Execution {
    const handler = this.handlerOf(delivery.queue);
    const execution = new Execution(
      delivery,
      Math.min(delivery.timeoutMs, handler.timeoutMs ?? Infinity),
      this.options.onProgress,
      this.options.progressEveryMs,
    );
    this.running.set(execution.id, execution);
    this.runningOf.set(delivery.queue, (this.runningOf.get(delivery.queue) ?? 0) + 1);
    if (this.options.announce) execution.announceAt = execution.startedAt + this.options.announce.afterMs;
    this.alarm.by(Math.min(execution.announceAt, execution.timeoutAt));
    recordWake(execution);
    const { log, uploads } = this.options;
    void runHandler(execution, handler, { log, results: this.results, uploads }).then((how) =>
      this.end(execution, how),
    );
    return execution;
  }

  /** Aborts the execution, if it is still running. */
  abort(execution: Execution, cause: AbortCause): void {
    execution.abort(cause);
    if (execution.abortedAt !== undefined) this.alarm.by(execution.abortedAt + this.letGoMs);
  }

  abortAll(cause: AbortCause): void {
    for (const execution of this.running.values()) this.abort(execution, cause);
  }

  /**
   * Lets the running handlers end for so long, then aborts them; resolves when none holds a slot.
   * @param graceMs how long they may go on undisturbed
   */
  async drain(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.abortAll(new WorkerDrainingError()), graceMs);
    try {
      await this.idle();
    } finally {
      clearTimeout(timer);
      this.alarm.stop();
    }
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.running.size === 0) resolve();
      else this.idleWaiters.push(resolve);
    });
  }

  private handlerOf(queue: string): ServedHandler {
    const handler = this.options.handlers.get(queue);
    if (!handler) throw new TypeError(`there is no handler for queue "${queue}"`);
    return handler;
  }

  /** Called when the handler has let go, and before that when it is given up: what comes second changes nothing. */
  private end(execution: Execution, end: HandlerEnd): void {
    if (execution.ended) return;
    execution.ended = true;
    const { id, delivery, startedAt, cause, span } = execution;
    this.running.delete(id);
    this.runningOf.set(delivery.queue, (this.runningOf.get(delivery.queue) ?? 1) - 1);
    const outcome = judge(end, cause);
    const left = execution.reports.end(cause instanceof OwnershipLostError ? cause : undefined);
    const error = outcome?.kind === 'failed' ? outcome.error : undefined;
    span?.end({ outcome: outcome?.kind ?? 'refused', error });
    runSeconds.labels(delivery.queue, error?.code ?? '').observe((performance.now() - startedAt) / 1_000);
    this.options.onEnded(execution, outcome, left);
    if (this.running.size === 0) for (const wake of this.idleWaiters.splice(0)) wake();
  }

  /** @returns when to look again */
  private watch(now: number): number {
    let next = Infinity;
    for (const execution of this.running.values()) {
      if (execution.announceAt <= now) {
        execution.announceAt = Infinity;
        this.options.announce?.onRunning(execution);
      }
      if (execution.timeoutAt <= now) execution.abort(new AttemptTimeoutError(execution.timeoutMs));
      const giveUpAt = execution.abortedAt === undefined ? Infinity : execution.abortedAt + this.letGoMs;
      if (giveUpAt <= now) this.giveUp(execution);
      const timeoutAt = execution.timeoutAt > now ? execution.timeoutAt : Infinity;
      next = Math.min(next, execution.announceAt, timeoutAt, giveUpAt <= now ? Infinity : giveUpAt);
    }
    return next;
  }

  private giveUp(execution: Execution): void {
    const { jobId, queue } = execution.delivery;
    this.end(execution, { how: 'given_up' });
    execution.onGivenUp?.();
    this.options.log.warn(
      { job: jobId, queue, why: execution.cause?.message },
      `the handler of "${queue}" did not let go within ${this.letGoMs} ms of its abort and is left to itself`,
    );
  }
}
