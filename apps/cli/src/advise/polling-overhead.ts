/** What a client asks, over the life of one job, in one of the ways there are. */
export interface Overhead {
  way: string;
  /** Requests a job that find nothing. */
  emptyPerJob: number;
  emptyPerDay: number;
  /** How late the end is seen on average, milliseconds. */
  lateMs: number;
}

export interface Load {
  /** From its release to its end, milliseconds. */
  jobMs: number;
  jobsPerDay: number;
  /** Of a poller at a fixed pace, milliseconds. */
  intervalMs: number;
}

const holdMs = 30_000;
const firstBackoffMs = 1_000;
const mostBackoffMs = 60_000;

/**
 * The documents' sum, (jobs a day × a job's time) / interval = requests in vain, beside the other ways.
 * A fixed poller is half an interval late on average; one with backoff half of its last pause.
 */
export function pollingOverhead({ jobMs, jobsPerDay, intervalMs }: Load): Overhead[] {
  const backoff = backoffLooks(jobMs);
  const ways: Omit<Overhead, 'emptyPerDay'>[] = [
    {
      way: `poll each ${intervalMs / 1_000} s`,
      emptyPerJob: Math.floor(jobMs / intervalMs),
      lateMs: intervalMs / 2,
    },
    { way: 'poll with backoff 1, 2, 4 … 60 s', emptyPerJob: backoff.empty, lateMs: backoff.lastPauseMs / 2 },
    // The first answer tells when the median job is done; half of the jobs are later, and are asked for once more.
    { way: 'poll by Retry-After', emptyPerJob: 1.5, lateMs: Math.min(30_000, Math.max(500, jobMs * 0.1)) },
    { way: 'long-poll, Prefer: wait=30', emptyPerJob: Math.floor(jobMs / holdMs), lateMs: 0 },
    { way: 'SSE, WebSocket, webhook', emptyPerJob: 0, lateMs: 0 },
  ];
  return ways.map((way) => ({ ...way, emptyPerDay: Math.round(way.emptyPerJob * jobsPerDay) }));
}

function backoffLooks(jobMs: number): { empty: number; lastPauseMs: number } {
  let empty = 0;
  let at = 0;
  let pauseMs = firstBackoffMs;
  while (at + pauseMs < jobMs) {
    at += pauseMs;
    empty++;
    pauseMs = Math.min(mostBackoffMs, pauseMs * 2);
  }
  return { empty, lastPauseMs: pauseMs };
}
