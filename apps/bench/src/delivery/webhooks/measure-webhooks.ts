import type { DispatchMode } from '@baton/contracts';
import { formatNumber } from '../../report/format.js';
import { type Table, textTable } from '../../report/table.js';
import type { BenchContext } from '../../run/bench-context.js';
import { percentile } from '../../statistics/statistics.js';
import type { Mix } from './endpoints.js';
import { runRound, type RoundFigures } from './webhook-round.js';

const endpoints = 1_000;
const well: Mix = { endpoints, dead: 0, slow: 0 };
const sick: Mix = { endpoints, dead: 0.1, slow: 0.05 };
/** Of the rounds whose times count: well below what can be done, so that nobody waits for his turn. */
const pacedPerSecond = 200;

export interface WebhookFigures {
  round: string;
  attemptsPerSecond: number;
  p50Ms: number;
  p95Ms: number;
  healthy: number;
}

/**
 * Workload 11: 1,000 endpoints, of which 10 % are dead and 5 % answer after 5 s. First a flood, for the tries a second; then
 * jobs at a pace, with all endpoints well and with the sick ones, for the time from the end of a job to a healthy receiver.
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
    const healthy = Math.floor(count * (1 - mix.dead - mix.slow) * 0.99);
    const figures = await runRound(context, mode, {
      mix,
      jobs: count,
      ...(times && { times }),
      isOver: (_counts, { lateMs }) => lateMs.length >= healthy,
      withinSeconds: 60 + count / 20,
    });
    measured.push(figuresOf(name, figures, times !== undefined));
  };
  await round('flood, all well', well);
  await round('flood, 10 % dead, 5 % slow', sick);
  const times = Array.from({ length: Math.ceil(jobs / 2) }, (_, n) => (n * 1_000) / pacedPerSecond);
  await round(`${pacedPerSecond} a second, all well`, well, times);
  await round(`${pacedPerSecond} a second, 10 % dead, 5 % slow`, sick, times);
  return textTable(webhookTable(measured));
}

function figuresOf(
  round: string,
  { attempts, seconds, lateMs }: RoundFigures,
  isPaced: boolean,
): WebhookFigures {
  return {
    round,
    // At a pace it says no more than the pace.
    attemptsPerSecond: isPaced ? Number.NaN : (0.95 * attempts) / seconds,
    p50Ms: percentile(lateMs, 0.5),
    p95Ms: percentile(lateMs, 0.95),
    healthy: lateMs.length,
  };
}

/** To reach: 1,000 tries a second in the flood; p95 below 1 s at a pace, unchanged by the sick. */
export function webhookTable(measured: readonly WebhookFigures[]): Table {
  return {
    columns: ['round', '>tries/s', '>p50 ms, healthy', '>p95 ms, healthy', '>deliveries to healthy'],
    rows: measured.map(({ round, attemptsPerSecond, p50Ms, p95Ms, healthy }) => [
      round,
      formatNumber(attemptsPerSecond),
      formatNumber(p50Ms),
      formatNumber(p95Ms),
      formatNumber(healthy),
    ]),
  };
}
