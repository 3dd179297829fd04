import type { Readable } from 'node:stream';
import type { JobState } from '@baton/contracts';
import { BaseRpcContext } from '@nestjs/microservices';
import { traceIdOf } from '@baton/tracing';
import type { Delivery } from '../execution/delivery.js';
import type { ProgressSink } from '../execution/progress-note.js';
import type { Log } from '../log.js';
import { uploadOf, type Upload, type UploadSource } from '../uploads/upload.js';
import { FileResult, type FileOptions } from './file-result.js';
import { checkpointOf, progressOf } from './progress-input.js';

/** A job that another depends on, as that one's handler sees it. */
export interface ParentOutcome {
  readonly id: string;
  readonly name?: string;
  /** Left out where it is past its retention. */
  readonly state?: JobState;
  /** What its handler returned, where that was JSON. */
  readonly result?: unknown;
  /** Why its result is not here: all results together have over 256 KiB, it is a file, or it is past its retention. */
  readonly missing?: 'too_large' | 'file' | 'expired';
}

/** What a context asks of the execution it belongs to. */
export interface ExecutionView {
  readonly delivery: Delivery;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly reports: ProgressSink;
}

/** What a handler is told of its job, beside the payload: Nest's context, by `@Ctx()` or as the second parameter. */
export class JobContext extends BaseRpcContext<[Delivery]> {
  private ownLog: Log | undefined;

  constructor(
    private readonly execution: ExecutionView,
    private readonly processLog: Log,
    private readonly uploads?: UploadSource,
  ) {
    super([execution.delivery]);
  }

  get jobId(): string {
    return this.execution.delivery.jobId;
  }

  get queue(): string {
    return this.execution.delivery.queue;
  }

  /** The tenant's id. */
  get tenant(): string {
    return this.execution.delivery.tenantId;
  }

  /** 1, 2, 3 …: how often the job has been released to run, for whatever reason. */
  get attempt(): number {
    return this.execution.delivery.attempt;
  }

  /** How often it has failed before; at `maxAttempts` failures it is dead. */
  get failures(): number {
    return this.execution.delivery.failures;
  }

  get maxAttempts(): number {
    return this.execution.delivery.maxAttempts;
  }

  /**
   * The handler may have been entered before and have done some or all of the work: in an earlier attempt, or in this one by
   * a worker that ended before anybody heard of it.
   */
  get redelivered(): boolean {
    const { attempt, redelivered = false } = this.execution.delivery;
    return attempt > 1 || redelivered;
  }

  /** The same for every entry of the handler for this job: hand it to whatever must not happen twice. */
  get idempotencyKey(): string {
    return this.execution.delivery.jobId;
  }

  /**
   * Aborts when the attempt's time is over, when the job has been given to another worker, or when this one drains and
   * its grace is over. `signal.reason` says which. A handler that ignores it is given up a little later.
   */
  get signal(): AbortSignal {
    return this.execution.signal;
  }

  /** When the attempt's time is over. */
  get deadline(): Date {
    return new Date(this.execution.deadlineMs);
  }

  /**
   * What became of the jobs that this one depends on, by their names in the flow, else by their ids. It is the same in
   * both modes: JSON results up to 256 KiB in sum; of the others `missing` says why they are not here. Read anew at each
   * call, so keep it.
   */
  parents(): ReadonlyMap<string, ParentOutcome> {
    const { parents = '[]' } = this.execution.delivery;
    const told = JSON.parse(parents) as ParentOutcome[];
    return new Map(told.map((parent) => [parent.name ?? parent.id, parent]));
  }

  /**
   * What an earlier attempt kept by `checkpoint`; undefined when none did. Read anew at each access, so keep it:
   * `const from = (context.lastCheckpoint ?? { row: 0 }) as { row: number }`.
   */
  get lastCheckpoint(): unknown {
    const { checkpoint } = this.execution.delivery;
    return checkpoint === undefined ? undefined : (JSON.parse(checkpoint) as unknown);
  }

  /**
   * Tells how far the job is. It may be called as often as one likes: one word a second is kept, and the last always.
   * @param fraction from 0 to 1
   * @param data shown with it: JSON of at most 16 KiB. Left out, what was said before stands
   * @throws RangeError, TypeError when it is none of these
   */
  progress(fraction: number, data?: unknown): void {
    void this.execution.reports.note(progressOf(fraction, data));
  }

  /**
   * Keeps data for the job's next attempt, in the place of what was kept before: whether this one fails, is handed
   * back, snoozes or loses its worker, the next finds it as `lastCheckpoint`. At most one a second is kept, the last
   * always.
   * @param data JSON of at most 256 KiB
   * @returns resolves when it is kept; one need not wait. Rejects when the job is another worker's by now
   * @throws RangeError, TypeError when it is none of these
   */
  checkpoint(data: unknown): Promise<void> {
    return this.execution.reports.note(checkpointOf(data));
  }

  /** When the client expects the job to be done, whatever its attempts; undefined: it did not say. */
  get expectedBy(): Date | undefined {
    const { deadlineAtMs } = this.execution.delivery;
    return deadlineAtMs === undefined ? undefined : new Date(deadlineAtMs);
  }

  /**
   * Milliseconds that are left: until the attempt's time is over, or the job is expected to be done, whichever comes first.
   * Negative when the job is late. What a handler asks of others should take no longer.
   */
  get remainingMs(): number {
    const { deadlineAtMs = Infinity } = this.execution.delivery;
    return Math.min(this.execution.deadlineMs, deadlineAtMs) - Date.now();
  }

  /** Names the job in every line. */
  get log(): Log {
    const { jobId, queue, attempt } = this.execution.delivery;
    return (this.ownLog ??= this.processLog.child({ job: jobId, queue, attempt }));
  }

  /** Undefined when the job came with no usable trace context. */
  get traceId(): string | undefined {
    return traceIdOf(this.execution.delivery.carrier);
  }

  /**
   * An upload that the payload names: `await context.upload(payload.picture).stream()`. Its bytes are those that were there
   * when the job was accepted.
   * @param reference the value that stands in the payload, `{"$upload": …}`
   * @throws BatonError `payload_invalid` when it names no upload; its reading fails with `needs_objects`, `unavailable`
   */
  upload(reference: unknown): Upload {
    const { tenantId } = this.execution.delivery;
    return uploadOf(reference, { source: this.uploads, tenantId, signal: () => this.signal });
  }

  /**
   * A file as the job's result: `return context.file(png, { mediaType: 'image/png', name: 'small.png' })`. Bytes up to
   * 512 KiB go with the outcome; larger ones, and streams, go to S3 as they come, up to 5 GiB. Without S3 a polling
   * worker takes 8 MiB.
   * @throws BatonError `result_not_storable` when its type or name cannot be kept
   */
  file(content: Uint8Array | Readable, options: FileOptions): FileResult {
    return FileResult.of(content, options);
  }
}
