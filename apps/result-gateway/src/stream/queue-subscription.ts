import type { TerminalOutcome } from '@baton/persistence';
import type { PacedSocket } from './paced-socket.js';
import type { QueueEnds } from './queue-ends.js';

/** What one socket may have waiting of a queue's ends; beyond it they are counted as missed. */
const mostWaiting = 1_000;

/** The ends of a queue's jobs on a socket, while it is there: `{queue, job, cursor, type, at, data}`. */
export class QueueSubscription {
  private readonly stop: () => void;
  /** As they are told: their results are not kept. */
  private waiting: object[] = [];
  private missed = 0;
  private telling = false;

  constructor(
    private readonly options: { queue: string; tenantId: string; ends: QueueEnds; socket: PacedSocket },
  ) {
    const { queue, tenantId, ends } = options;
    this.stop = ends.watch({
      queue,
      tenantId,
      onEnd: (outcome) => {
        if (this.waiting.length < mostWaiting) this.waiting.push(shown(queue, outcome));
        else this.missed++;
        this.tellSoon();
      },
      onMissed: (count) => {
        this.missed += count;
        this.tellSoon();
      },
    });
  }

  close(): void {
    this.stop();
    this.waiting = [];
  }

  private tellSoon(): void {
    if (this.telling) return;
    this.telling = true;
    void this.options.socket
      .inTurn(async (send) => {
        const { queue } = this.options;
        for (let next = this.waiting.shift(); next; next = this.waiting.shift()) await send(next);
        const missed = this.missed;
        this.missed = 0;
        if (missed > 0) await send({ queue, missed });
      })
      .finally(() => {
        this.telling = false;
        // One that closes gives no turn any more, and would be asked for one without an end.
        if (this.options.socket.open && this.waiting.length + this.missed > 0) this.tellSoon();
      });
  }
}

function shown(
  queue: string,
  { jobId, state, cursor, attempt, finishedAtMs, error }: TerminalOutcome,
): object {
  return {
    queue,
    job: jobId,
    cursor,
    type: `job.${state}`,
    at: new Date(finishedAtMs).toISOString(),
    data: {
      state,
      attempt,
      ...(error && { error: { code: error.code, message: error.message } }),
      links: { result: `/v1/results/${jobId}` },
    },
  };
}
