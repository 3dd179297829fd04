import { setTimeout as sleep } from 'node:timers/promises';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';

import type { DrainReport, DrainStage } from '../drain/drain.js';
import { DrainRegistry, runDrain } from '../drain/drain-registry.js';
import { HealthRegistry } from '../health/health-registry.js';
import type { OpenRequests } from './open-requests.js';

/** How long open requests are waited for once nothing holds them, and how long closing and flushing may take. */
const requestsMs = 10_000;
const closeMs = 10_000;
const flushMs = 5_000;

export interface ShutdownParts {
  app: NestFastifyApplication;
  logger: Logger;
  requests: OpenRequests;
  readyDrainMs: number;
  /** Closed last, in this order: what must outlive the application. */
  last: readonly { name: string; close: () => Promise<void> }[];
}

/**
 * Ends a service: not ready → (a pause, for load balancers to see it) → no new connections → drains of stage
 * `release` → open requests answered → drains of stage `flush` → Nest closed → metrics and traces flushed.
 * Every step is bounded, logged by name, and taken whether or not the one before it went well.
 * @returns whether all went well
 */
export async function shutDown({
  app,
  logger,
  requests,
  readyDrainMs,
  last,
}: ShutdownParts): Promise<boolean> {
  const drains = app.get(DrainRegistry);
  let clean = true;
  const note = (report: DrainReport): void => {
    clean &&= report.ok;
    const { ok, name, ...fields } = report;
    if (ok) logger.info({ drain: name, ...fields }, `drained ${name}`);
    else logger.error({ drain: name, ...fields }, `${name} did not drain: ${report.why}`);
  };
  const step = async (
    name: string,
    timeoutMs: number,
    drain: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> => note(await runDrain({ name, timeoutMs, drain }));
  const stage = (name: DrainStage): Promise<void> => drains.run(name, note);

  app.get(HealthRegistry).draining();
  if (readyDrainMs > 0) await sleep(readyDrainMs);
  stopAccepting(app, requests);
  await stage('release');
  await step('open requests', requestsMs, (signal) => requests.settled(signal));
  await stage('flush');
  await step('application', closeMs, () => app.close());
  for (const { name, close } of last) await step(name, flushMs, close);
  return clean;
}

/** Closes the listening socket and idle connections; Nest's own close, later, finds it closed and goes on. */
function stopAccepting(app: NestFastifyApplication, requests: OpenRequests): void {
  requests.close();
  const server = app.getHttpServer();
  server.close();
  server.closeIdleConnections();
}
