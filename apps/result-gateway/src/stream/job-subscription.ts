import { BatonError, type EventCursor, formatCursor } from '@baton/contracts';
import type { EventTail, Watch, WatchedPage } from '@baton/results';
import { idleAdvice } from '../events/idle-advice.js';
import { recordTold } from '../events/record-told.js';
import type { PacedSocket } from './paced-socket.js';

export interface JobSubscriptionOptions {
  /** As the client wrote it. */
  name: string;
  jobId: string;
  tenantId: string;
  cursor: EventCursor | undefined;
  tail: EventTail;
  socket: PacedSocket;
  /** It has ended by itself: its job's last event was told, or it could not go on. */
  onEnd: () => void;
}

/**
 * One job's events on a socket: `subscribed` with what the client missed, then each event as it happens, until the one
 * that ends the job. Events are read when the socket's turn comes, and not before.
 */
export class JobSubscription {
  private readonly watch: Watch;
  private readonly gone = new AbortController();

  constructor(private readonly options: JobSubscriptionOptions) {
    const { jobId, tenantId, cursor: after, tail } = options;
    this.watch = tail.watch(jobId, { tenantId, after });
    // Not before whoever makes it has it.
    queueMicrotask(() => void this.run());
  }

  close(): void {
    this.gone.abort();
    this.watch.close();
  }

  private async run(): Promise<void> {
    const { socket, name, onEnd } = this.options;
    const { signal } = this.gone;
    try {
      let first = true;
      let advised: string | undefined;
      for (let ended = false; !ended && !signal.aborted && socket.open; first = false) {
        await socket.inTurn(async (send) => {
          const page = await this.watch.next({ ms: 0, signal });
          if (signal.aborted) return;
          if (first) await send(this.subscribed(page));
          else
            for (const { cursor, type, at, data } of page.events)
              await send({ job: name.slice('job:'.length), cursor, type, at, data });
          const advice = idleAdvice(page.row, Date.now());
          if (advice !== undefined && advice !== advised) await send({ advice, subscribe: name });
          advised = advice;
          if (page.terminal && page.events.length > 0) recordTold(page, 'websocket');
          ended = page.terminal;
        });
        if (!ended) await this.watch.news({ signal });
      }
    } catch (error) {
      await socket.tell({ error: errorOf(error), subscribe: name });
    } finally {
      this.watch.close();
      onEnd();
    }
  }

  /** Recovered: what follows joins to what the client has, without a hole. */
  private subscribed({ events, cursor, terminal }: WatchedPage): object {
    const recovered = !events.some(({ type }) => type === 'resync');
    return { subscribed: this.options.name, recovered, cursor: formatCursor(cursor), terminal, events };
  }
}

/** As a problem document tells it. */
export function errorOf(error: unknown): { code: string; message: string } {
  if (BatonError.is(error)) return { code: error.code, message: error.message };
  return { code: 'internal', message: 'the gateway failed; try again' };
}
