import type { KafkaConfig } from 'kafkajs';
import { filterTimeoutWarning } from './filter-timeout-warning.js';
import { kafkaLog } from './kafka-log.js';
import type { KafkaOptions } from './kafka-options.js';
import { Kafka } from './library.js';
import { Sockets } from './sockets.js';

export interface KafkaClient {
  readonly kafka: InstanceType<typeof Kafka>;
  readonly sockets: Sockets;
}

/** How soon added partitions are noticed. */
export const metadataMaxAgeMs = 60_000;

export const defaults = {
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
  adminTimeoutMs: 15_000,
} as const;

/**
 * A client for one producer, consumer or admin: kafkajs keeps the committed offsets of a group once
 * a client, so two members of one group must not share it.
 */
export function kafkaClient(options: KafkaOptions, name: string): KafkaClient {
  filterTimeoutWarning();
  const sockets = new Sockets();
  const config: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: name,
    connectionTimeout: options.connectionTimeoutMs ?? defaults.connectionTimeoutMs,
    requestTimeout: options.requestTimeoutMs ?? defaults.requestTimeoutMs,
    socketFactory: sockets.factory,
    logCreator: kafkaLog(options.log),
    // Short, since these multiply with the retries of what is built on it.
    retry: { initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 2, retries: 2 },
  };
  if (options.tls !== undefined) config.ssl = options.tls;
  if (options.sasl !== undefined) config.sasl = options.sasl;
  return { kafka: new Kafka(config), sockets };
}
