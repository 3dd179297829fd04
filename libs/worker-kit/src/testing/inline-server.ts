import { Readable } from 'node:stream';
import type { ObjectStore } from '@baton/objects';
import type { AbortCause } from '../execution/abort-causes.js';
import type { Delivery } from '../execution/delivery.js';
import type { Execution } from '../execution/execution.js';
import { Executor } from '../execution/executor.js';
import { ResultKeeper } from '../execution/result-keeper.js';
import type { Outcome } from '../execution/outcome.js';
import type { ProgressNote } from '../execution/progress-note.js';
import { JobServer } from '../handler/job-server.js';
import type { ServedHandlers } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import type { ThreadOptions } from '../thread/thread-pool.js';
import { silentLog } from './silent-log.js';

export interface InlineOptions {
  log?: Log;
  /** How long a handler has to let go after an abort. Default 50 ms. */
  letGoMs?: number;
  /** Given, handlers that ask for threads get them; else they run here like the others. */
  threads?: ThreadOptions;
  /** Given, large results go there; else they stay in memory, up to 8 MiB. */
  objects?: ObjectStore;
  /** Bytes of the uploads that payloads name, by id. */
  uploads?: Readonly<Record<string, Uint8Array>>;
}

/** One job that a tester runs. */
export interface TestedJob {
  /** Without an outcome, nothing would have been told: the job was lost to another worker. */
  readonly outcome: Promise<Outcome | undefined>;
  /** What it has told of its progress so far, and kept for its next attempt. */
  readonly notes: readonly ProgressNote[];
  abort(cause: AbortCause): void;
}

interface Entered {
  readonly notes: ProgressNote[];
  readonly end: (outcome: Outcome | undefined) => void;
}

/** Nest's transport strategy for tests: jobs are handed to it one by one. */
export class InlineServer extends JobServer {
  private executor: Executor | undefined;
  private readonly entered = new Map<Execution, Entered>();
  private readonly early = new Map<Execution, ProgressNote[]>();

  constructor(private readonly options: InlineOptions) {
    super({ threads: options.threads ?? 'none' });
  }

  enter(delivery: Delivery): TestedJob {
    const { executor } = this;
    if (!executor) throw new TypeError('the tester is closed');
    const execution = executor.start(delivery);
    // A handler may have told something before `start` came back.
    const notes = this.early.get(execution) ?? [];
    this.early.delete(execution);
    return {
      notes,
      outcome: new Promise((end) => this.entered.set(execution, { notes, end })),
      abort: (cause) => executor.abort(execution, cause),
    };
  }

  /** Aborts each handler whose time is over at this moment. @param timeout makes the cause */
  expire(nowMs: number, timeout: (timeoutMs: number) => AbortCause): void {
    for (const execution of this.executor?.running.values() ?? [])
      if (execution.deadlineMs <= nowMs) this.executor?.abort(execution, timeout(execution.timeoutMs));
  }

  protected override async stop(): Promise<void> {
    await this.executor?.drain(0);
    this.executor = undefined;
  }

  protected override async start(handlers: ServedHandlers): Promise<void> {
    const { log = silentLog, letGoMs = 50, objects, uploads = {} } = this.options;
    this.executor = new Executor({
      slots: Infinity,
      handlers,
      log,
      letGoMs,
      results: new ResultKeeper({ objects }),
      uploads: { open: async ({ $upload: id }) => Readable.from([givenUpload(uploads, id)]) },
      progressEveryMs: 0,
      onProgress: (execution, note, onKept) => {
        this.note(execution, note);
        onKept();
      },
      onEnded: (execution, outcome, left) => {
        if (left) this.note(execution, left);
        this.entered.get(execution)?.end(outcome);
        this.entered.delete(execution);
      },
    });
  }

  private note(execution: Execution, note: ProgressNote): void {
    const notes = this.entered.get(execution)?.notes ?? this.early.get(execution);
    if (notes) notes.push(note);
    else this.early.set(execution, [note]);
  }
}

function givenUpload(uploads: Readonly<Record<string, Uint8Array>>, id: string): Uint8Array {
  const bytes = uploads[id];
  if (!bytes) throw new TypeError(`the tester was given no upload ${id}; name it in its option "uploads"`);
  return bytes;
}
