import { Logger, makeWorkerUtils, run, type Job, type TaskList } from 'graphile-worker';
import { Client, Pool } from 'pg';
import { until } from '../../processes/within.js';
import { countGraphileJobs, makeResultTable, resultChannel, storeResult } from './graphile-results.sql.js';
import type { Peer, PeerQueue, PeerWorker, PeerWorkerOptions, ResultReader } from './peer.js';

export interface GraphileOptions {
  databaseUrl: string;
  /** Jobs fetched at a time, and their completions written together; undefined: one by one, as by default. */
  localQueueSize?: number;
}

const task = 'noop';
const silent = new Logger(() => () => {});
/** As its documentation advises: as many as jobs run at once, and two; but no more than the server has to give. */
const poolSize = (concurrency: number): number => Math.min(Math.max(10, concurrency + 2), 100);

/** graphile-worker keeps no results: across processes its task writes them to a table and notifies, in one statement. */
export class GraphilePeer implements Peer {
  constructor(private readonly options: GraphileOptions) {}

  async prepare(): Promise<void> {
    const { databaseUrl } = this.options;
    const utils = await makeWorkerUtils({ connectionString: databaseUrl, logger: silent });
    await utils.migrate();
    await utils.release();
    await makeResultTable(databaseUrl);
  }

  async openQueue(): Promise<PeerQueue> {
    const pgPool = new Pool({ connectionString: this.options.databaseUrl, max: 20 });
    const utils = await makeWorkerUtils({ pgPool, logger: silent });
    return {
      async submit(n) {
        return (await utils.addJob(task, { n })).id;
      },
      async submitMany(from, count) {
        await utils.addJobs(
          Array.from({ length: count }, (_, i) => ({ identifier: task, payload: { n: from + i } })),
        );
      },
      async close() {
        await utils.release();
        await pgPool.end();
      },
    };
  }

  async openWorker({
    concurrency,
    onCompleted,
    onStarted,
    publishResults,
  }: PeerWorkerOptions): Promise<PeerWorker> {
    const { databaseUrl, localQueueSize } = this.options;
    const batched =
      localQueueSize === undefined
        ? {}
        : { localQueue: { size: localQueueSize }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
    const taskList: TaskList = {
      [task]: async (payload, helpers) => {
        onStarted?.();
        if (publishResults) await helpers.query(storeResult, [helpers.job.id, numberOf(payload)]);
      },
    };
    const runner = await run({
      preset: {
        worker: {
          connectionString: databaseUrl,
          concurrentJobs: concurrency,
          maxPoolSize: poolSize(concurrency),
          logger: silent,
          ...batched,
        },
      },
      taskList,
      parsedCronItems: [],
      noHandleSignals: true,
    });
    // Handed over, not awaited: a job is told as complete while its completion is being written.
    if (onCompleted)
      runner.events.on('job:complete', ({ job, error }: { job: Job; error: unknown }) => {
        if (error === null || error === undefined) onCompleted(job.id, numberOf(job.payload));
      });
    return {
      async settled() {
        const client = new Client({ connectionString: databaseUrl });
        await client.connect();
        const isEmpty = async (): Promise<true | undefined> =>
          (await countGraphileJobs(client)) === 0 ? true : undefined;
        await until('graphile-worker writing its completions', isEmpty, { seconds: 120, everyMs: 5 });
        await client.end();
      },
      close: () => runner.stop(),
    };
  }

  async readResults(onResult: (id: string, result: number) => void): Promise<ResultReader> {
    const client = new Client({ connectionString: this.options.databaseUrl });
    await client.connect();
    client.on('notification', ({ payload = '' }) => {
      const [id = '', result = ''] = payload.split(':');
      onResult(id, Number(result));
    });
    await client.query(`LISTEN ${resultChannel}`);
    return { close: () => client.end() };
  }
}

function numberOf(payload: unknown): number {
  return (payload as { n: number }).n;
}
