import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createTestStack, type Stack } from '@baton/local-stack';
import { Database, migrate } from '@baton/persistence';
import { producer } from '@baton/producer/service';
import { relay } from '@baton/relay/service';
import { resultGateway } from '@baton/result-gateway/service';
import { ServiceInProcess } from '@baton/service/testing';
import { worker } from '@baton/worker/service';

const handlers = fileURLToPath(new URL('./handlers.fixture.ts', import.meta.url));

/** All services, in this process, on real servers of their own. */
export interface Servers {
  stack: Stack;
  database: Database;
  producer: ServiceInProcess;
  gateway: ServiceInProcess;
  relay: ServiceInProcess;
  pollingWorker: ServiceInProcess;
  eventWorker: ServiceInProcess;
  /** Whoever starts it stops it. */
  anotherEventWorker: () => Promise<ServiceInProcess>;
  stop: () => Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const stack = await createTestStack({ kafka: true, redis: true });
  const stops: (() => Promise<unknown>)[] = [() => stack.stop()];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    await migrate(stack.databaseUrl);
    const database = await Database.open(stack.databaseUrl, { applicationName: 'conformance' });
    stops.push(() => database.close());
    const common = {
      REDIS_URL: stack.redisUrl,
      BATON_MASTER_KEY: randomBytes(32).toString('hex'),
      WEBHOOK_ALLOW: '127.0.0.0/8',
      WORKER_HANDLERS: handlers,
      DRAIN_GRACE_MS: '1000',
    };
    const postgres = { ...common, DATABASE_URL: stack.databaseUrl };
    const kafka = { KAFKA_BROKERS: stack.kafkaBrokers };
    const anotherEventWorker = (): Promise<ServiceInProcess> =>
      ServiceInProcess.start(worker, { ...common, ...kafka, DISPATCH_MODE: 'event' });
    const [relayService, producerService, gateway, pollingWorker, eventWorker] = await Promise.all([
      ServiceInProcess.start(relay, { ...postgres, ...kafka }),
      ServiceInProcess.start(producer, postgres),
      ServiceInProcess.start(resultGateway, postgres),
      ServiceInProcess.start(worker, { ...postgres, DISPATCH_MODE: 'polling' }),
      anotherEventWorker(),
    ]);
    for (const service of [relayService, producerService, gateway, pollingWorker, eventWorker])
      stops.push(() => service.stop());
    return {
      stack,
      database,
      producer: producerService,
      gateway,
      relay: relayService,
      pollingWorker,
      eventWorker,
      anotherEventWorker,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
