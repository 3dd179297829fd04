import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { BenchChild } from '../../processes/bench-child.js';
import { Closers } from '../../processes/closers.js';
import { childOptions, type BenchContext } from '../../run/bench-context.js';
import { connections, inBatches } from '../in-batches.js';
import type { Limits } from '../limits.js';
import { acceptPlain, emptyPlainTables, makePlainTables } from '../plain-tables.sql.js';
import { sampleJobs } from '../sample-jobs.js';
import { withTopics } from '../with-topics.js';
import type { PipelinePlace } from './pipeline-place.js';

type PipelineLimits = Pick<Limits, 'pipelinePerSecond' | 'pipelineRelayPerSecond'>;

/** Event mode's way of a job with nothing around it: no tracing, no frame, plain tables; each step a process of its own. */
export async function measurePipeline(
  context: BenchContext,
  { databaseUrl, jobs }: { databaseUrl: string; jobs: number },
): Promise<PipelineLimits> {
  const { kafkaBrokers: brokers } = context.servers;
  const pool = new Pool({ connectionString: databaseUrl, max: connections });
  try {
    await makePlainTables(pool);
    const run = async <T>(work: (place: PipelinePlace) => Promise<T>): Promise<T> => {
      const id = randomUUID();
      const place = {
        databaseUrl,
        brokers,
        jobTopic: `bench-jobs-${id}`,
        outcomeTopic: `bench-outcomes-${id}`,
      };
      await inBatches(sampleJobs(jobs), (batch) => acceptPlain(pool, batch, { outbox: true }));
      const result = await withTopics(brokers, [place.jobTopic, place.outcomeTopic], () => work(place));
      await emptyPlainTables(pool);
      return result;
    };
    const pipelineRelayPerSecond = await run((place) => relayAlone(context, place, jobs));
    const pipelinePerSecond = await run((place) => wholePipeline(context, place, jobs));
    return { pipelineRelayPerSecond, pipelinePerSecond };
  } finally {
    await pool.end();
  }
}

interface Published {
  begunAtMs: number;
  seconds: number;
}

async function relayAlone(context: BenchContext, place: PipelinePlace, jobs: number): Promise<number> {
  const closers = new Closers();
  try {
    const relay = await start(context, { part: 'relay', place, closers });
    return jobs / (await relay.call<Published>('publishAll')).seconds;
  } finally {
    await closers.close();
  }
}

async function wholePipeline(context: BenchContext, place: PipelinePlace, jobs: number): Promise<number> {
  const closers = new Closers();
  try {
    const settler = await start(context, { part: 'settler', place, closers });
    const worker = await start(context, { part: 'worker', place, closers });
    const relay = await start(context, { part: 'relay', place, closers });
    const settledAll = settler.call<number>('settledAll', jobs);
    const published = relay.call<Published>('publishAll');
    const [{ begunAtMs }, endedAtMs] = await Promise.race([
      Promise.all([published, settledAll]),
      worker.process.failed,
    ]);
    return jobs / ((endedAtMs - begunAtMs) / 1_000);
  } finally {
    await closers.close();
  }
}

async function start(
  context: BenchContext,
  { part, place, closers }: { part: 'relay' | 'worker' | 'settler'; place: PipelinePlace; closers: Closers },
): Promise<BenchChild> {
  const child = new BenchChild(`limits/pipeline/${part}-main.ts`, childOptions(context, `pipeline-${part}`));
  closers.add(() => child.stop());
  await child.call('open', place);
  return child;
}
