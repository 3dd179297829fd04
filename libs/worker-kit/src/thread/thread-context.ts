import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { BatonError } from '@baton/contracts';
import type { Delivery } from '../execution/delivery.js';
import type { ProgressNote, ProgressSink } from '../execution/progress-note.js';
import type { ExecutionView } from '../handler/job-context.js';
import type { FromThread, PlainError, ToThread } from './thread-messages.js';

/**
 * The execution as its handler sees it from a thread. What comes for it is read when the thread's event loop turns, and
 * also whenever the handler asks for its signal or tells of its progress: a loop that never yields learns of its abort.
 */
export class ThreadExecution implements ExecutionView {
  readonly reports: ProgressSink = { note: (note) => this.note(note) };
  private readonly controller = new AbortController();
  private readonly waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  private notes = 0;

  constructor(
    readonly delivery: Delivery,
    readonly deadlineMs: number,
    private readonly port: MessagePort,
  ) {}

  get signal(): AbortSignal {
    this.readAll();
    return this.controller.signal;
  }

  hear(message: ToThread): void {
    if (message.say === 'abort' && message.executionId === this.delivery.executionId)
      this.controller.abort(errorOf(message.cause));
    if (message.say !== 'kept') return;
    const waiter = this.waiting.get(message.note);
    this.waiting.delete(message.note);
    if (message.error) waiter?.reject(errorOf(message.error));
    else waiter?.resolve();
  }

  private note(progress: ProgressNote): Promise<void> {
    const note = ++this.notes;
    const kept = new Promise<void>((resolve, reject) => this.waiting.set(note, { resolve, reject }));
    kept.catch(() => undefined); // the handler need not wait for it
    this.port.postMessage({ say: 'note', note, progress } satisfies FromThread);
    this.readAll();
    return kept;
  }

  private readAll(): void {
    for (;;) {
      const next = receiveMessageOnPort(this.port) as { message: ToThread } | undefined;
      if (!next) return;
      this.hear(next.message);
    }
  }
}

function errorOf({ name, code, message }: PlainError): Error {
  return Object.assign(new BatonError(code, message), { name });
}
