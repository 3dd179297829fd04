import type { DispatchMode } from '@baton/contracts';
import { addressVariables, prepareDatabase } from '@baton/local-stack';
import { BenchError } from '../../bench.error.js';
import { BenchChild } from '../../processes/bench-child.js';
import { Closers } from '../../processes/closers.js';
import { childOptions, type BenchContext } from '../../run/bench-context.js';
import { BatonService, type App } from './baton-service.js';
import { queueVariable } from './noop.config.js';

export interface BatonDeploymentOptions {
  mode: DispatchMode;
  queue: string;
  concurrency: number;
  sampledShare: number;
  cpuProfileFolder?: string | undefined;
  /** What every service is told besides. */
  environment?: Readonly<Record<string, string>>;
}

/** Any value does: nothing outlives the bench. */
const masterKey = 'be'.repeat(32);
const handlers = './apps/bench/dist/contenders/baton/noop.controller.js';

/**
 * Baton as it is deployed: its services as processes of their own, in one mode, with one queue of no-op jobs.
 * Polling is given PostgreSQL alone; event mode PostgreSQL, Kafka, and Redis for its hot results.
 */
export class BatonDeployment {
  readonly services = new Map<App, BatonService>();
  private readonly closers = new Closers();
  private closed = false;

  private constructor(
    private readonly context: BenchContext,
    private readonly options: BatonDeploymentOptions,
    readonly databaseUrl: string,
    readonly apiKey: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** With its database and its trace collector, and no service yet. */
  static async prepare(context: BenchContext, options: BatonDeploymentOptions): Promise<BatonDeployment> {
    const { config, servers } = context;
    const { mode, queue, concurrency, sampledShare } = options;
    const databaseUrl = await servers.database(`bench_${mode}`);
    const { kafkaBrokers, redisUrl } = servers.addresses;
    const addresses = {
      databaseUrl,
      ...(mode === 'event' && { ...(kafkaBrokers && { kafkaBrokers }), ...(redisUrl && { redisUrl }) }),
    };
    const environment = {
      ...config.environment,
      ...addressVariables(addresses),
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      BATON_MASTER_KEY: masterKey,
      DISPATCH_MODE: mode,
      WORKER_CONCURRENCY: String(concurrency),
      WORKER_HANDLERS: handlers,
      [queueVariable]: queue,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(sampledShare),
      ...options.environment,
    };
    const [tenant] = await prepareDatabase({ folder: await servers.folder(`bench-${mode}`), environment });
    if (!tenant) throw new BenchError('The database was prepared without a tenant');
    const deployment = new BatonDeployment(context, options, databaseUrl, tenant.apiKey, environment);
    await deployment.startCollector();
    return deployment;
  }

  async start(...apps: readonly App[]): Promise<void> {
    const started = await Promise.all(apps.map((app) => this.startOne(app)));
    await Promise.all(started.map((service) => service.ready()));
  }

  urlOf(app: App): string {
    const service = this.services.get(app);
    if (!service) throw new BenchError(`${app} has not been started`);
    return service.url;
  }

  /** Makes the queue, or gives it the deployment's mode and these settings. */
  async putQueue(settings: object = {}): Promise<void> {
    const { queue, mode } = this.options;
    const response = await fetch(`${this.urlOf('producer')}/v1/queues/${queue}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...settings, dispatchMode: mode }),
    });
    if (!response.ok)
      throw new BenchError(
        `PUT /v1/queues/${queue} answered ${response.status}: ${(await response.text()).slice(0, 500)}`,
      );
  }

  /** Rejects when a service ends by itself. */
  get failed(): Promise<never> {
    return Promise.race([...this.services.values()].map(({ process }) => process.failed));
  }

  get pids(): Record<string, number | undefined> {
    return Object.fromEntries([...this.services.values()].map(({ app, process }) => [app, process.pid]));
  }

  addCloser(close: () => Promise<void>): void {
    this.closers.add(close);
  }

  get isClosed(): boolean {
    return this.closed;
  }

  close(): Promise<void> {
    this.closed = true;
    return this.closers.close();
  }

  private async startOne(app: App): Promise<BatonService> {
    const { mode, cpuProfileFolder } = this.options;
    const { DATABASE_URL: _neverSeenByEventWorkers, ...withoutDatabase } = this.environment;
    const environment = app === 'worker' && mode === 'event' ? withoutDatabase : this.environment;
    const service = await BatonService.start({
      ...childOptions(this.context, `baton-${mode}-${app}`),
      app,
      environment,
      cpuProfileFolder,
    });
    this.services.set(app, service);
    this.closers.add(() => service.process.stop());
    return service;
  }

  private async startCollector(): Promise<void> {
    const sink = new BenchChild(
      'contenders/baton/otlp-sink-main.ts',
      childOptions(this.context, 'otlp-sink'),
    );
    this.closers.add(() => sink.stop());
    this.environment['OTEL_EXPORTER_OTLP_ENDPOINT'] = await sink.call<string>('open');
  }
}
