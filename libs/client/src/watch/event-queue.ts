import type { JobEvent } from '../job-event.js';

/** Events that wait to be taken; a client that does not take them is told them anew, from its cursor. */
export const mostWaiting = 1_000;

/** What a socket tells of one job, until it is taken. */
export class EventQueue {
  private readonly events: JobEvent[] = [];
  private end: { error?: Error } | undefined;
  private wake: (() => void) | undefined;

  /** @returns false where there is no room */
  put(events: readonly JobEvent[]): boolean {
    if (this.events.length + events.length > mostWaiting) return false;
    this.events.push(...events);
    this.wake?.();
    return true;
  }

  /** No more come; what is there is still to be taken. @param error why, where not all is told */
  close(error?: Error): void {
    this.end ??= error ? { error } : {};
    this.wake?.();
  }

  /** @throws what it was closed with, after the last event; the signal's reason */
  async *take(signal: AbortSignal | undefined): AsyncGenerator<JobEvent, void, undefined> {
    const onAbort = (): void => this.wake?.();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        signal?.throwIfAborted();
        const event = this.events.shift();
        if (event) yield event;
        else if (this.end) {
          if (this.end.error) throw this.end.error;
          return;
        } else {
          await new Promise<void>((resolve) => (this.wake = resolve));
          this.wake = undefined;
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }
}
