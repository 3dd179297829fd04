import { BenchChild } from '../processes/bench-child.js';
import { within } from '../processes/within.js';
import { childOptions, type BenchContext } from '../run/bench-context.js';
import type { BatonLimitName } from './baton-limits.js';
import type { KafkaLimitName } from './kafka-limits.js';
import type { Limits } from './limits.js';
import { measurePipeline } from './pipeline/measure-pipeline.js';
import type { PostgresLimitName } from './postgres-limits.js';

/** More rows make no steadier figure. */
const mostRows = 50_000;
const withinSeconds = 300;

/** All limits, once. */
export async function measureLimits(context: BenchContext): Promise<Limits> {
  const { servers, settings } = context;
  const rows = Math.min(mostRows, settings.drainJobs);
  const databaseUrl = await servers.database('bench_limits');
  await servers.settleDown();
  const child = new BenchChild('limits/limits-main.ts', childOptions(context, 'limits'));
  try {
    const measure = <T>(method: string, url: string): Promise<T> =>
      within(withinSeconds, `limits: ${method}`, child.call<T>(method, url, rows));
    const postgres = await measure<Pick<Limits, PostgresLimitName>>('measurePostgres', databaseUrl);
    const baton = await measure<Pick<Limits, BatonLimitName>>('measureBaton', databaseUrl);
    const kafka = await measure<Pick<Limits, KafkaLimitName>>('measureKafka', servers.kafkaBrokers);
    const pipeline = await within(
      withinSeconds,
      'limits: the bare pipeline',
      measurePipeline(context, { databaseUrl, jobs: rows }),
    );
    return { ...postgres, ...baton, ...kafka, ...pipeline };
  } finally {
    await child.stop();
  }
}
