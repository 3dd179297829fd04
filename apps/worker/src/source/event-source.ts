import { hostname } from 'node:os';
import { connectKafka, type KafkaOptions } from '@baton/messaging';
import type { KafkaConfig } from '@baton/service';
import { EventServer } from '@baton/worker-kit/event';
import type { Logger } from 'pino';
import type { JobSource, SourceOptions } from './job-source.js';

/** Jobs from Kafka. Nothing that it loads knows PostgreSQL. */
export function openEventSource(
  { kafka, log }: { kafka: KafkaConfig; log: Logger },
  options: SourceOptions,
): JobSource {
  const { brokers, ssl: tls, sasl } = kafka;
  const broker = connectKafka({
    brokers,
    clientId: `baton-worker-${hostname()}-${process.pid}`,
    ...(tls && { tls }),
    ...(sasl && { sasl: sasl as NonNullable<KafkaOptions['sasl']> }),
    log: (level, message, { error, ...more }) =>
      log[level]({ ...more, ...(error !== undefined && { err: error }) }, message),
  });
  const server = new EventServer({ ...options, broker, log });
  return {
    server,
    checks: [{ name: 'kafka', check: async () => requireMember(server) }],
    close: async () => {
      await server.close();
      await broker.close();
    },
  };
}

function requireMember(server: EventServer): void {
  if (!server.healthy)
    throw new Error('not a member of every consumer group, or the control topic is not read yet');
}
