import type { CommandParts, GlobalOptions } from '../command-parts.js';
import { Api } from '../connection/api.js';
import { findConnection } from '../connection/connection.config.js';

/** What a queue's latest jobs tell of it. */
export interface QueueTimes {
  queue: string;
  /** From the release to the end, milliseconds; undefined where nothing ended within the last hour. */
  jobMs?: { p50: number; p95: number };
  ratePerSecond: number;
  sample: number;
}

interface Stats {
  waitMs?: { p50: number; p95: number };
  runMs?: { p50: number; p95: number };
  rates: { finishedPerSecond: number };
  sample: number;
}

/** @throws UsageError no producer is known; BatonApiError `unknown_queue` */
export async function readQueueTimes(
  queue: string,
  options: GlobalOptions,
  { terminal }: Pick<CommandParts, 'terminal'>,
): Promise<QueueTimes> {
  const { url, apiKey } = findConnection(options, terminal, ['url', 'apiKey']);
  const { body } = await new Api(url, apiKey).call<Stats>(`/v1/queues/${encodeURIComponent(queue)}/stats`, {
    signal: terminal.signal,
  });
  const { waitMs, runMs, rates, sample } = body;
  return {
    queue,
    ...(waitMs && runMs && { jobMs: { p50: waitMs.p50 + runMs.p50, p95: waitMs.p95 + runMs.p95 } }),
    ratePerSecond: rates.finishedPerSecond,
    sample,
  };
}
