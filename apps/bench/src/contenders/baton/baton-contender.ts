import type { DispatchMode } from '@baton/contracts';
import { BenchError } from '../../bench.error.js';
import { until } from '../../processes/within.js';
import type { BenchContext } from '../../run/bench-context.js';
import { onDatabase } from '../../servers/on-database.js';
import { type KeyReading, readKeys } from '../../drains/key-order.sql.js';
import { HttpCaller } from '../../workloads/http-caller.js';
import { runConcurrent, runSequential } from '../../workloads/latency.js';
import type { Door, Figures } from '../../workloads/workload.js';
import type { Contender, DrainSession, LatencySession } from '../contender.js';
import { submitAll } from '../submit-all.js';
import { BatonDeployment } from './baton-deployment.js';
import type { App } from './baton-service.js';
import { hasLiveJobs, readEventDrain, readPollingDrain } from './drain-progress.sql.js';
import { traceParents } from './trace-parents.js';

export interface BatonContenderOptions {
  id: string;
  label: string;
  mode: DispatchMode;
  /** Every trace is sampled, and the contender takes part in workload 3 alone. */
  allSampled: boolean;
  cpuProfileFolder?: string;
}

/** How a drain uses its queue. */
export interface QueueUse {
  /** As `PUT /v1/queues/:name` takes them. */
  settings?: object;
  /** What the n-th job has besides its payload. */
  fieldsOf?: (n: number) => object;
}

export interface BatonDrainSession extends DrainSession {
  /** Of what was drained: whether the order of keys was kept. */
  keys(): Promise<KeyReading>;
}

const drainConcurrency = 500;
/** Gentle: each look reads no more than the first live row. */
const lookEveryMs = 500;
const drainWithinSeconds = 3_600;

/** Baton itself, through its HTTP API. */
export class BatonContender implements Contender {
  readonly id: string;
  readonly label: string;
  readonly kind = 'baton';
  readonly ground: 'postgres' | 'kafka';
  readonly doors: readonly Door[];
  readonly drainConcurrency: number;
  private turns = 0;

  constructor(
    private readonly context: BenchContext,
    private readonly options: BatonContenderOptions,
  ) {
    const { id, label, mode, allSampled } = options;
    this.id = id;
    this.label = label;
    this.ground = mode === 'event' ? 'kafka' : 'postgres';
    this.doors = allSampled ? [] : ['http'];
    this.drainConcurrency = context.settings.drainConcurrency ?? drainConcurrency;
  }

  async openLatency(): Promise<LatencySession> {
    const deployment = await this.prepare(this.context.settings.latencyConcurrency);
    try {
      await deployment.start('producer', 'result-gateway');
      await deployment.putQueue();
      await deployment.start('relay', 'worker');
      const caller = this.openCaller(deployment, deployment.urlOf('result-gateway'));
      return {
        sequential: (jobs) => Promise.race([runSequential(caller, jobs), deployment.failed]),
        concurrent: (options) => Promise.race([runConcurrent(caller, options), deployment.failed]),
        pids: () => deployment.pids,
        close: () => deployment.close(),
      };
    } catch (error) {
      await deployment.close();
      throw error;
    }
  }

  async openDrain({ settings: given, fieldsOf }: QueueUse = {}): Promise<BatonDrainSession> {
    const { settings } = this.context;
    const deployment = await this.prepare(this.drainConcurrency);
    try {
      // What would take jobs is started later: by polling the worker, by event the relay, and the worker before it.
      const isEvent = this.options.mode === 'event';
      const early: App[] = isEvent ? ['producer', 'result-gateway'] : ['producer', 'result-gateway', 'relay'];
      const late: App[] = isEvent ? ['worker', 'relay'] : ['worker'];
      await deployment.start(...early);
      await deployment.putQueue(given);
      const caller = this.openCaller(deployment, deployment.urlOf('result-gateway'), fieldsOf);
      let before = 0;
      return {
        queue: (jobs) =>
          Promise.race([
            submitAll((from, count) => caller.submitBatch(from, count), { ...settings, jobs }),
            deployment.failed,
          ]),
        drain: async (jobs) => {
          // A second drain finds them started.
          for (const app of late.splice(0)) await deployment.start(app);
          const figures = this.measureDrain(deployment, { jobs, before });
          before += jobs;
          return Promise.race([figures, deployment.failed]);
        },
        keys: () => onDatabase(deployment.databaseUrl, (client) => readKeys(client, this.queue)),
        pids: () => deployment.pids,
        close: () => deployment.close(),
      };
    } catch (error) {
      await deployment.close();
      throw error;
    }
  }

  private prepare(concurrency: number): Promise<BatonDeployment> {
    const { mode, cpuProfileFolder } = this.options;
    this.turns++;
    return BatonDeployment.prepare(this.context, {
      mode,
      queue: this.queue,
      concurrency,
      sampledShare: this.sampledShare,
      cpuProfileFolder,
    });
  }

  private get queue(): string {
    return `${this.id.replace('baton-', '')}-${this.turns}`;
  }

  private get sampledShare(): number {
    return this.options.allSampled ? 1 : this.context.settings.sampledShare;
  }

  private openCaller(
    deployment: BatonDeployment,
    gatewayUrl: string,
    fieldsOf?: (n: number) => object,
  ): HttpCaller {
    const nextTrace = traceParents(this.sampledShare);
    const caller = new HttpCaller({
      submitUrl: deployment.urlOf('producer'),
      resultUrl: gatewayUrl,
      queue: this.queue,
      ...(fieldsOf && { fieldsOf }),
      headers: () => ({ authorization: `Bearer ${deployment.apiKey}`, ...nextTrace() }),
      connections: this.context.settings.clients,
    });
    deployment.addCloser(() => caller.close());
    return caller;
  }

  /** @param before jobs that earlier drains of the session have left in history */
  private async measureDrain(
    deployment: BatonDeployment,
    { jobs, before }: { jobs: number; before: number },
  ): Promise<Figures> {
    const { queue } = this;
    return onDatabase(deployment.databaseUrl, async (client) => {
      const isDrained = async (): Promise<true | undefined> => {
        if (deployment.isClosed) throw new BenchError('The drain was given up');
        return (await hasLiveJobs(client, queue)) ? undefined : true;
      };
      await until('the drain', isDrained, { seconds: drainWithinSeconds, everyMs: lookEveryMs });
      const read = this.options.mode === 'event' ? readEventDrain : readPollingDrain;
      const { stored, seconds } = await read(client, queue);
      if (stored !== before + jobs)
        throw new BenchError(`${stored - before} of ${jobs} jobs succeeded with their result stored`);
      return { jobsPerSecond: jobs / seconds, tookSeconds: seconds };
    });
  }
}
