import { Worker } from 'node:worker_threads';
import { BatonError } from '@baton/contracts';
import type { Execution } from '../execution/execution.js';
import type { HandlerEnd } from '../execution/judge.js';
import type { Outcome } from '../execution/outcome.js';
import type { Log } from '../log.js';
import { HandlerSetupError } from '../handler/handler-setup.error.js';
import {
  writeLog,
  type FromThread,
  type PlainError,
  type ThreadData,
  type ToThread,
} from './thread-messages.js';

/** As this file: a `.ts` is run from the sources. */
const entry = new URL(`./thread-main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/** One job in the thread. */
interface Current {
  execution: Execution;
  log: Log;
  end: (end: HandlerEnd) => void;
}

/**
 * One worker thread with one handler in it. starting → idle ⇄ running → ended (it was closed, it was killed since its
 * handler did not let go, or it ended by itself; then what ran has failed).
 */
export class HandlerThread {
  readonly ready: Promise<void>;
  ended = false;
  private readonly worker: Worker;
  private current: Current | undefined;

  constructor(
    data: ThreadData,
    { execArgv, onIdle }: { execArgv?: readonly string[] | undefined; onIdle: () => void },
  ) {
    this.worker = new Worker(entry, { workerData: data, ...(execArgv && { execArgv: [...execArgv] }) });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    promise.catch(() => undefined); // whoever waits for it hears of it
    const unusable = (why: string, cause?: unknown): void =>
      reject(
        new HandlerSetupError(`the handler of queue "${data.queue}" cannot run in a thread: ${why}`, {
          cause,
        }),
      );
    this.worker.on('message', (message: FromThread) => {
      if (message.say === 'ready') resolve();
      else if (message.say === 'unusable') unusable(message.why);
      else this.hear(message);
    });
    this.worker.on('error', (error) => {
      unusable(error instanceof Error ? error.message : String(error), error);
      this.finish({ how: 'threw', error });
    });
    this.worker.on('exit', (code) => {
      this.ended = true;
      unusable(`it ended with code ${code}`);
      this.finish({ how: 'threw', error: new Error(`the handler's thread ended with code ${code}`) });
      onIdle();
    });
    this.onIdle = onIdle;
  }

  private readonly onIdle: () => void;

  get idle(): boolean {
    return !this.ended && this.current === undefined;
  }

  run(execution: Execution, log: Log): Promise<HandlerEnd> {
    const { promise, resolve } = Promise.withResolvers<HandlerEnd>();
    this.current = { execution, log, end: resolve };
    const { delivery, deadlineMs, signal, span } = execution;
    const { traceId, spanId, traceFlags } = span?.span.spanContext() ?? {
      traceId: '',
      spanId: '',
      traceFlags: 0,
    };
    this.tell({ say: 'run', delivery, deadlineMs, context: { traceId, spanId, traceFlags } });
    const abort = (): void =>
      this.tell({ say: 'abort', executionId: execution.id, cause: plain(signal.reason as Error) });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    execution.onGivenUp = () => void this.kill();
    return promise;
  }

  /** Ends it wherever it is. */
  async kill(): Promise<void> {
    await this.worker.terminate();
  }

  private hear(message: Exclude<FromThread, { say: 'ready' | 'unusable' }>): void {
    const { current } = this;
    if (!current) return;
    switch (message.say) {
      case 'log':
        writeLog(current.log, message);
        return;
      case 'note':
        current.execution.reports.note(message.progress).then(
          () => this.tell({ say: 'kept', note: message.note }),
          (error: Error) => this.tell({ say: 'kept', note: message.note, error: plain(error) }),
        );
        return;
      case 'ended':
        this.finish({ how: 'judged', outcome: whole(message.outcome), chosen: message.chosen });
        this.onIdle();
    }
  }

  private finish(end: HandlerEnd): void {
    const { current } = this;
    this.current = undefined;
    current?.end(end);
  }

  private tell(message: ToThread): void {
    this.worker.postMessage(message);
  }
}

function plain(error: Error): PlainError {
  return { name: error.name, code: BatonError.is(error) ? error.code : 'internal', message: error.message };
}

/** Bytes arrive as a mere Uint8Array. */
function whole(outcome: Outcome): Outcome {
  if (outcome.kind !== 'succeeded' || outcome.result.kind !== 'file' || !outcome.result.bytes) return outcome;
  const { buffer, byteOffset, byteLength } = outcome.result.bytes;
  return { ...outcome, result: { ...outcome.result, bytes: Buffer.from(buffer, byteOffset, byteLength) } };
}
