import type { KafkaConfig } from 'kafkajs';

export type BrokerLogLevel = 'error' | 'warn' | 'info' | 'debug';

/** `fields` hold what the client says beside the message: group, member, topic, error. */
export type BrokerLog = (level: BrokerLogLevel, message: string, fields: Record<string, unknown>) => void;

export interface KafkaOptions {
  /** `host:port`, at least one. */
  brokers: readonly string[];
  clientId: string;
  tls?: Exclude<KafkaConfig['ssl'], undefined>;
  sasl?: Exclude<KafkaConfig['sasl'], undefined>;
  /** Default: nothing is logged. */
  log?: BrokerLog;
  /** Default 3,000 ms. */
  connectionTimeoutMs?: number;
  /** Of one request. Default 10,000 ms. */
  requestTimeoutMs?: number;
  /** Of one administrative call, retries included. Default 15,000 ms. */
  adminTimeoutMs?: number;
}
