import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { batonRegistry, shutdownTracing } from '@baton/tracing';
import type { Logger } from 'pino';

import type { ConfigOf, Fields } from '../config/field.js';
import { loadConfig } from '../config/load-config.js';
import { HealthRegistry } from '../health/health-registry.js';
import { createLogger } from '../logging/logger.js';
import { addProcessMetrics, startMetricsServer } from '../metrics/metrics-server.js';
import { describeBootFailure } from './boot-failure.js';
import { createService } from './create-service.js';
import { OpenRequests } from './open-requests.js';
import { serviceFields, type ServiceConfig } from './service-config.js';
import { shutDown, type ShutdownParts } from './shutdown.js';
import { Signals } from './signals.js';

/** What makes one service of the common frame. */
export interface ServiceDefinition<F extends Fields> {
  name: string;
  /** Read beside `serviceFields`. */
  config: F;
  /** The default of `PORT`; 0 takes a free one. */
  port?: number;
  module: (config: ServiceConfig & ConfigOf<F>) => Type | DynamicModule;
  hooks?: ServiceHooks<ServiceConfig & ConfigOf<F>>;
}

export interface ServiceHooks<C> {
  /** Before anything listens: raw routes, OpenAPI, `connectMicroservice`. */
  configure?: (app: NestFastifyApplication, config: C) => void | Promise<void>;
  /** HTTP and transports are up; the service becomes ready when this is done. */
  started?: (app: NestFastifyApplication, config: C) => void | Promise<void>;
}

/** Names a service's definition, with the types of its configuration. */
export function defineService<F extends Fields>(definition: ServiceDefinition<F>): ServiceDefinition<F> {
  return definition;
}

/**
 * The whole life of a service's process, from its environment to its exit code. Resolves once it is ready.
 * A failed boot prints one clear line and exits 1.
 */
export async function runService<F extends Fields>(definition: ServiceDefinition<F>): Promise<void> {
  let logger: Logger | undefined;
  try {
    const config = loadConfig({
      ...serviceFields(definition.port ?? 0),
      ...definition.config,
    }) as ServiceConfig & ConfigOf<F>;
    logger = await createLogger({
      service: definition.name,
      level: config.logLevel,
      pretty: config.logPretty,
    });
    const signals = new Signals(logger);
    const parts = await startService(definition, config, logger);
    const metrics = await serveMetrics(config, logger);
    const last = [
      { name: 'traces', close: async () => void (await shutdownTracing()) },
      ...(metrics ? [{ name: 'metrics', close: metrics.close }] : []),
    ];
    logger.info(
      { url: await parts.app.getUrl(), ...(metrics && { metricsPort: metrics.port }) },
      `${definition.name} is ready`,
    );
    signals.handler = { stop: () => shutDown({ ...parts, last }) };
  } catch (error) {
    const { line, unexpected } = describeBootFailure(definition.name, error);
    if (unexpected) logger?.error({ err: error }, 'boot failed');
    process.stderr.write(`${line}\n`);
    process.exit(1);
  }
}

/** Starts a service whose configuration is read. @returns what `shutDown` ends */
export async function startService<F extends Fields>(
  { module, hooks }: ServiceDefinition<F>,
  config: ServiceConfig & ConfigOf<F>,
  logger: Logger,
): Promise<ShutdownParts> {
  const app = await createService(module(config), { logger, allowedOrigins: config.allowedOrigins });
  const requests = new OpenRequests(app.getHttpAdapter().getInstance());
  await hooks?.configure?.(app, config);
  app.get(HealthRegistry).starting();
  await app.listen(config.port, config.host);
  await app.startAllMicroservices();
  await hooks?.started?.(app, config);
  app.get(HealthRegistry).started();
  return { app, logger, requests, readyDrainMs: config.readyDrainMs, last: [] };
}

async function serveMetrics({ metricsPort, host }: ServiceConfig, logger: Logger) {
  if (metricsPort === undefined) return undefined;
  addProcessMetrics(batonRegistry);
  const onError = (err: unknown): void => logger.error({ err }, 'the metrics could not be collected');
  return startMetricsServer(batonRegistry, metricsPort, { host, onError });
}
