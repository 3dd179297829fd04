import type { DispatchMode } from '@baton/contracts';
import { freePort, preferPort } from '../ports/free-port.js';
import type { StackAddresses } from '../stack/stack-addresses.js';

/** One service to start: an app, its name in logs and `local.json`, its port and what it alone is told. */
export interface PlannedService {
  name: string;
  app: 'producer' | 'result-gateway' | 'relay' | 'worker';
  port: number;
  environment: NodeJS.ProcessEnv;
}

export interface PlanOptions {
  addresses: StackAddresses;
  modes: readonly DispatchMode[];
  /** What every service gets besides: the user's own variables, master key, trace endpoint. */
  common: NodeJS.ProcessEnv;
}

const wantedPorts = { producer: 3000, 'result-gateway': 3001 } as const;

/** The services of a local deployment, with ports that are free now and the environment of each. */
export async function planServices({ addresses, modes, common }: PlanOptions): Promise<PlannedService[]> {
  const shared = { ...common, ...addressVariables(addresses) };
  const { DATABASE_URL: _neverSeenByEventWorkers, ...withoutDatabase } = shared;
  const polling = { ...shared, DISPATCH_MODE: 'polling' };
  const producer = await plan('producer', 'producer', shared);
  const gateway = await plan('result-gateway', 'result-gateway', shared);
  const origins = [producer, gateway]
    .flatMap(({ port }) => [`http://127.0.0.1:${port}`, `http://localhost:${port}`])
    .join(',');
  const services = [
    producer,
    gateway,
    await plan('relay', 'relay', polling),
    await plan('worker-polling', 'worker', polling),
    ...(modes.includes('event')
      ? [await plan('worker-event', 'worker', { ...withoutDatabase, DISPATCH_MODE: 'event' })]
      : []),
  ];
  return services.map((service) => ({
    ...service,
    environment: { ALLOWED_ORIGINS: origins, ...service.environment },
  }));
}

/** The servers' addresses under the names by which services read them. */
export function addressVariables({
  databaseUrl,
  kafkaBrokers,
  redisUrl,
  s3,
}: StackAddresses): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    ...(kafkaBrokers && { KAFKA_BROKERS: kafkaBrokers }),
    ...(redisUrl && { REDIS_URL: redisUrl }),
    ...(s3 && {
      S3_ENDPOINT: s3.endpoint,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }),
  };
}

async function plan(
  name: string,
  app: PlannedService['app'],
  environment: NodeJS.ProcessEnv,
): Promise<PlannedService> {
  const wanted = app === 'producer' || app === 'result-gateway' ? wantedPorts[app] : undefined;
  const port = wanted ? await preferPort(wanted) : await freePort();
  const own = {
    PORT: String(port),
    METRICS_PORT: String(await freePort()),
    OTEL_SERVICE_NAME: `baton-${app}`,
  };
  return { name, app, port, environment: { ...environment, ...own } };
}
