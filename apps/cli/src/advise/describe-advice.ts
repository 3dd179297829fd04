import { columns, wrap } from '../output/print.js';
import type { Advice, Channel } from './advise-delivery.js';
import type { Load, Overhead } from './polling-overhead.js';
import type { QueueTimes } from './queue-times.js';

const how: Record<Channel, string> = {
  poll: 'GET /v1/results/:id; come again after Retry-After',
  'long-poll':
    'GET /v1/results/:id with "Prefer: wait=30"; or POST /v1/jobs with "Prefer: wait=10" for short jobs',
  sse: 'GET /v1/results/:id/events with "Accept: text/event-stream"',
  websocket: '/v1/stream, subprotocol baton.v1: {"subscribe": "job:<id>"}',
  webhook:
    'PUT /v1/webhooks/:name {"url": …}, then {"webhook": {"endpoint": <name>}} with the job; try it by `baton webhooks doctor`',
};

export function describeAdvice({ channel, because, instead, fallback, plan }: Advice): string {
  return [
    `Take: ${channel}`,
    ...because.map((reason) => `  because ${wrap(reason, '          ')}`),
    `  how: ${wrap(how[channel], '       ')}`,
    `  when it fails: ${wrap(fallback, '                 ')}`,
    ...(plan ? [`  delivery plan: ${JSON.stringify(plan)}`] : []),
    'Not:',
    columns(
      instead.map(({ channel: other, reason }) => [other, wrap(reason, '             ')]),
      '  ',
    ),
  ].join('\n');
}

export function describeOverhead(
  { jobMs, jobsPerDay }: Load,
  overhead: readonly Overhead[],
  times: QueueTimes | undefined,
): string {
  const source =
    times === undefined
      ? ''
      : ` (${times.queue}: median of ${times.sample} jobs${times.jobMs ? `, p95 ${duration(times.jobMs.p95)}` : ''})`;
  const rows = overhead.map(({ way, emptyPerJob, emptyPerDay, lateMs }) => [
    way,
    String(emptyPerJob),
    count(emptyPerDay),
    lateMs === 0 ? 'at once' : duration(lateMs),
  ]);
  return [
    `A job takes ${duration(jobMs)}${source}; ${count(Math.round(jobsPerDay))} jobs a day.`,
    columns([['way', 'empty requests a job', 'a day', 'late by'], ...rows], '  '),
  ].join('\n');
}

function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  return `${Number((ms / 60_000).toFixed(1))} min`;
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
