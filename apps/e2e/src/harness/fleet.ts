import { randomBytes } from 'node:crypto';
import { BatonClient } from '@baton/client';
import type { DispatchMode } from '@baton/contracts';
import { createTestStack, type Stack } from '@baton/local-stack';
import { Database, migrate } from '@baton/persistence';
import { newApiKey } from '@baton/service';
import { type OtlpSink, startOtlpSink } from '@baton/tracing/testing';
import { seedTenant } from './seed-tenant.js';
import { type AppName, ServiceProcess } from './service-process.js';
import { until } from './until.js';

export interface FleetOptions {
  kafka?: boolean;
  redis?: boolean;
  s3?: boolean;
  /** What every service is told besides. */
  environment?: Record<string, string>;
  /** Started at once; more may come by `start`. */
  services?: readonly FleetService[];
}

export type FleetService = 'producer' | 'result-gateway' | 'relay' | 'polling-worker' | 'event-worker';

const everything: readonly FleetService[] = [
  'producer',
  'result-gateway',
  'relay',
  'polling-worker',
  'event-worker',
];

/**
 * All of Baton as real processes on real servers of its own, with an OTLP sink that hears their spans. `stop` ends
 * whatever was started, in any state.
 */
export class Fleet {
  readonly processes: ServiceProcess[] = [];
  readonly masterKey = randomBytes(32).toString('hex');

  private constructor(
    readonly stack: Stack,
    readonly database: Database,
    readonly sink: OtlpSink,
    private readonly options: FleetOptions,
  ) {}

  static async start(options: FleetOptions = {}): Promise<Fleet> {
    const { kafka = true, redis = true, s3 = false, services = everything } = options;
    const stack = await createTestStack({ kafka, redis, s3 });
    const sink = await startOtlpSink();
    await migrate(stack.databaseUrl);
    const database = await Database.open(stack.databaseUrl, { applicationName: 'e2e' });
    const fleet = new Fleet(stack, database, sink, options);
    try {
      await Promise.all(services.map((service) => fleet.start(service)));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  /** @param port one that was given out by `freePort` before; default: another */
  async start(
    service: FleetService,
    more: Record<string, string> = {},
    port?: number,
  ): Promise<ServiceProcess> {
    const [app, mode] = appOf(service);
    const process = await ServiceProcess.start(app, { ...this.environmentOf(app, mode), ...more }, port);
    this.processes.push(process);
    return process;
  }

  /** The first living process of an app. */
  the(app: AppName): ServiceProcess {
    const found = this.processes.find((process) => process.app === app && !process.ended);
    if (!found) throw new Error(`no ${app} runs`);
    return found;
  }

  /** A tenant of its own, with a key that has every scope, and a client that uses it. */
  async tenant(): Promise<{ tenantId: string; apiKey: string; client: BatonClient }> {
    const { key, hash, prefix } = newApiKey();
    const tenantId = await seedTenant(this.database, { hash, prefix });
    const client = new BatonClient({
      url: this.the('producer').url,
      gatewayUrl: this.the('result-gateway').url,
      apiKey: key,
    });
    return { tenantId, apiKey: key, client };
  }

  /** Sets a queue's mode, once a worker's announcement has made the queue. */
  async setMode(apiKey: string, queue: string, dispatchMode: DispatchMode): Promise<void> {
    let last = '';
    const isSet = async (): Promise<boolean> => {
      const answer = await fetch(`${this.the('producer').url}/v1/queues/${queue}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ dispatchMode }),
      });
      last = `${answer.status} ${await answer.text()}`;
      return answer.ok;
    };
    await until(isSet, { ms: 20_000, everyMs: 100, what: () => `queue ${queue} to take its mode (${last})` });
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.end()));
    await this.database.close();
    await this.sink.close();
    await this.stack.stop();
  }

  private environmentOf(app: AppName, mode: DispatchMode): NodeJS.ProcessEnv {
    const { databaseUrl, kafkaBrokers, redisUrl, s3 } = this.stack;
    const event = app === 'worker' && mode === 'event';
    return {
      ...(event ? {} : { DATABASE_URL: databaseUrl }),
      ...(kafkaBrokers && (event || app === 'relay') ? { KAFKA_BROKERS: kafkaBrokers } : {}),
      ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
      ...(s3 && {
        S3_ENDPOINT: s3.endpoint,
        S3_BUCKET: s3.bucket,
        S3_ACCESS_KEY_ID: s3.accessKeyId,
        S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      }),
      DISPATCH_MODE: mode,
      BATON_MASTER_KEY: this.masterKey,
      LOG_LEVEL: 'info',
      OTEL_SERVICE_NAME: `baton-${app}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: this.sink.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      ...this.options.environment,
    };
  }
}

function appOf(service: FleetService): [AppName, DispatchMode] {
  if (service === 'polling-worker') return ['worker', 'polling'];
  if (service === 'event-worker') return ['worker', 'event'];
  return [service, 'polling'];
}
