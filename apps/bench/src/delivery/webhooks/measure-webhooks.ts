import type { DispatchMode } from '@baton/contracts';
import { formatNumber } from '../../report/format.js';
import { type Table, textTable } from '../../report/table.js';
import type { BenchContext } from '../../run/bench-context.js';
import { percentile } from '../../statistics/statistics.js';
import { type Mix, wellJobs } from './endpoints.js';
import { type Round, runRound, type RoundFigures } from './webhook-round.js';

const endpoints = 1_000;
const well: Mix = { endpoints, dead: 0, slow: 0 };
const sick: Mix = { endpoints, dead: 0.1, slow: 0.05 };
/** Of the rounds whose times count: well below what can be done, so that nobody waits for his turn. */
const pacedPerSecond = 100;
const warmUpJobs = 500;
const paced = (count: number): number[] =>
  Array.from({ length: count }, (_, n) => (n * 1_000) / pacedPerSecond);
/** Who is slower than this by far is not waited for. */
const fewPerSecond = 100;
const graceSeconds = 30;

export interface WebhookFigures {
  round: string;
  attemptsPerSecond: number;
  gatewayMs: number;
  postgresMs: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Jobs whose endpoint is well, and those of them that it was told of in time. */
  healthy: number;
  delivered: number;
}

/**
 * Workload 11: 1,000 endpoints, of which 10 % are dead and 5 % answer after 5 s. First a backlog that waits for the gateway's
 * start, for the tries a second; then jobs at a pace, with all endpoints well and with the sick ones, for the time from the
 * end of a job to a healthy receiver. A round ends when all healthy ones have been told, or when its time is over.
 * @returns a table as text
 */
export async function measureWebhooks(
  context: BenchContext,
  { mode, jobs }: { mode: DispatchMode; jobs: number },
  print: (line: string) => void,
): Promise<string> {
  const measured: WebhookFigures[] = [];
  const round = async (name: string, mix: Mix, times?: readonly number[]): Promise<void> => {
    const count = times?.length ?? jobs;
    print(`${name}: ${count} jobs`);
    const healthy = wellJobs(mix, count);
    const toldOf =
      (of: number): Round['isOver'] =>
      (_counts, { lateMs }) =>
        lateMs.length >= wellJobs(mix, of);
    const figures = await runRound(
      context,
      mode,
      {
        mix,
        jobs: count,
        ...(times && { times, warmUp: { times: paced(warmUpJobs), isOver: toldOf(warmUpJobs) } }),
        isOver: toldOf(count),
        withinSeconds: graceSeconds + (times ? 0 : count / fewPerSecond),
      },
      print,
    );
    measured.push(figuresOf(name, figures, { healthy, isPaced: times !== undefined }));
  };
  await round('backlog, all well', well);
  await round('backlog, 10 % dead, 5 % slow', sick);
  const times = paced(Math.ceil(jobs / 4));
  await round(`${pacedPerSecond} a second, all well`, well, times);
  await round(`${pacedPerSecond} a second, 10 % dead, 5 % slow`, sick, times);
  return [textTable(webhookTable(measured)), ...missing(measured)].join('\n');
}

function figuresOf(
  round: string,
  { attempts, seconds, lateMs, cpu }: RoundFigures,
  { healthy, isPaced }: { healthy: number; isPaced: boolean },
): WebhookFigures {
  // A backlog's lateness says when it was made; at a pace, the rate says no more than the pace.
  const late = (share: number): number => (isPaced ? percentile(lateMs, share) : Number.NaN);
  const cpuMs = (name: string): number => (1_000 * (cpu[name] ?? Number.NaN)) / attempts;
  return {
    round,
    attemptsPerSecond: isPaced ? Number.NaN : (0.95 * attempts) / seconds,
    gatewayMs: cpuMs('result-gateway'),
    postgresMs: cpuMs('postgres'),
    p50Ms: late(0.5),
    p95Ms: late(0.95),
    p99Ms: late(0.99),
    healthy,
    delivered: lateMs.length,
  };
}

/** To reach: 1,000 tries a second of a backlog; p95 below 1 s at a pace, unchanged by the sick; all healthy ones told. */
export function webhookTable(measured: readonly WebhookFigures[]): Table {
  return {
    columns: [
      'round',
      '>tries/s',
      '>gateway, CPU ms a try',
      '>PostgreSQL, CPU ms a try',
      '>p50 ms',
      '>p95 ms',
      '>p99 ms',
      '>healthy, told',
    ],
    rows: measured.map((figures) => [
      figures.round,
      ...[
        figures.attemptsPerSecond,
        figures.gatewayMs,
        figures.postgresMs,
        figures.p50Ms,
        figures.p95Ms,
        figures.p99Ms,
      ].map(formatNumber),
      `${figures.delivered} of ${figures.healthy}`,
    ]),
  };
}

/** What the rounds did not see. */
export function missing(measured: readonly WebhookFigures[]): string[] {
  return measured
    .filter(({ delivered, healthy }) => delivered < healthy)
    .map(
      ({ round, delivered, healthy }) =>
        `${round}: its time was over before ${healthy - delivered} of ${healthy} healthy receivers' deliveries came; the times above are of the others`,
    );
}
