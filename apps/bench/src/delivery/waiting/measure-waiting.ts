import { setTimeout as sleep } from 'node:timers/promises';
import type { DispatchMode } from '@baton/contracts';
import { residentMb } from '../../memory/resident-memory.js';
import { within } from '../../processes/within.js';
import { formatNumber } from '../../report/format.js';
import { type Table, textTable } from '../../report/table.js';
import type { BenchContext } from '../../run/bench-context.js';
import { percentile } from '../../statistics/statistics.js';
import { openDelivery } from '../open-delivery.js';
import { Submitter } from '../submitter.js';
import { LongPollWaiters } from './long-poll-waiters.js';
import { SseWaiters } from './sse-waiters.js';
import type { Learned, Waiters, Waiting } from './waiter.js';
import { WebSocketWaiters } from './websocket-waiters.js';

export interface WaitingFigures {
  channel: string;
  waiters: number;
  answered: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  kbPerConnection: number;
}

/** Ends a second: all at once would measure how fast the queue drains. */
const endsPerSecond = 500;
/** Connections that are opened at once. */
const openedAtOnce = 200;
const restMs = 5_000;
/**
 * Memory a connection is that of those after so many: what the first bring with them, code that has become hot and a nursery
 * that has grown, comes once.
 */
const warmUp = 1_000;

const channels: readonly [string, (url: string, connections: number) => Waiters][] = [
  ['long-poll', (url, connections) => new LongPollWaiters(url, connections)],
  ['SSE', (url, connections) => new SseWaiters(url, connections)],
  ['WebSocket', (url) => new WebSocketWaiters(url)],
];

/**
 * Workload 10: so many clients wait, each for a job of its own over a connection of its own; then the jobs run, 500 a second.
 * Time is from the job's end (its row's) to the client's having it, on the clock of one machine.
 * @returns a table as text
 */
export async function measureWaiting(
  context: BenchContext,
  { mode, waiters }: { mode: DispatchMode; waiters: number },
  print: (line: string) => void,
): Promise<string> {
  const measured: WaitingFigures[] = [];
  for (const [channel, open] of channels) {
    print(`${waiters} clients wait by ${channel}`);
    measured.push(await measureChannel(context, { mode, waiters, channel, open }));
  }
  return textTable(waitingTable(measured));
}

async function measureChannel(
  context: BenchContext,
  {
    mode,
    waiters: count,
    channel,
    open,
  }: { mode: DispatchMode; waiters: number; channel: string; open: (typeof channels)[number][1] },
): Promise<WaitingFigures> {
  const settings = { rateLimit: { limit: endsPerSecond, per: '1s', burst: endsPerSecond / 10 } };
  const { deployment, queue } = await openDelivery(context, mode, { ...settings, paused: true });
  const waiters = open(deployment.urlOf('result-gateway'), count);
  deployment.addCloser(() => waiters.close());
  try {
    const jobs = await new Submitter(deployment, queue).submitAll(count);
    const memory = async (): Promise<number> => {
      await sleep(restMs);
      return residentMb(deployment.pids)['result-gateway'] ?? Number.NaN;
    };
    const waiting: Waiting[] = [];
    let before = await memory();
    for (let at = 0; at < count; at += openedAtOnce) {
      if (at === warmUp) before = await memory();
      const opened = jobs.slice(at, at + openedAtOnce).map((job) => waiters.wait(job));
      waiting.push(...opened);
      // Whoever fails says so below, where all are awaited.
      for (const { learned } of opened) learned.catch(() => undefined);
      await within(60, 'opening connections', Promise.all(opened.map(({ held }) => held)));
    }
    const during = await memory();
    await deployment.putQueue({ ...settings, paused: false });
    const seconds = 60 + (3 * count) / endsPerSecond;
    const all = Promise.allSettled(waiting.map(({ learned }) => learned));
    const ended = await within(seconds, 'the ends of all jobs', Promise.race([all, deployment.failed]));
    return figuresOf(channel, ended, ((during - before) * 1_000) / (count > warmUp ? count - warmUp : count));
  } finally {
    await deployment.close();
  }
}

function figuresOf(
  channel: string,
  ended: readonly PromiseSettledResult<Learned>[],
  kbPerConnection: number,
): WaitingFigures {
  const late = ended.flatMap((each) =>
    each.status === 'fulfilled' ? [each.value.atMs - each.value.endedAtMs] : [],
  );
  return {
    channel,
    waiters: ended.length,
    answered: late.length,
    p50Ms: percentile(late, 0.5),
    p95Ms: percentile(late, 0.95),
    p99Ms: percentile(late, 0.99),
    kbPerConnection,
  };
}

/** To reach: all answered, p95 below 100 ms, at most 25 KB a connection. */
export function waitingTable(measured: readonly WaitingFigures[]): Table {
  return {
    columns: [
      'channel',
      '>waiting',
      '>answered',
      '>p50 ms',
      '>p95 ms',
      '>p99 ms',
      '>KB a connection',
      '>reached',
    ],
    rows: measured.map(({ channel, waiters, answered, p50Ms, p95Ms, p99Ms, kbPerConnection }) => [
      channel,
      formatNumber(waiters),
      formatNumber(answered),
      formatNumber(p50Ms),
      formatNumber(p95Ms),
      formatNumber(p99Ms),
      formatNumber(kbPerConnection),
      answered === waiters && p95Ms < 100 && kbPerConnection <= 25 ? 'yes' : 'no',
    ]),
  };
}
