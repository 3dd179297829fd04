import { BatonError } from '@baton/contracts';
import type { Broker } from '../broker.js';
import { KafkaBroker } from './kafka-broker.js';
import type { KafkaOptions } from './kafka-options.js';

/** Connects to nothing yet: each part does when first used. Throws `invalid_request` when no broker is named. */
export function connectKafka(options: KafkaOptions): Broker {
  const wrong = options.brokers.find((broker) => !/^.+:\d+$/.test(broker));
  if (options.brokers.length === 0 || wrong !== undefined) {
    throw new BatonError(
      'invalid_request',
      `The brokers are "${options.brokers.join(',')}"; expected one or more of host:port.`,
    );
  }
  return new KafkaBroker(options);
}
