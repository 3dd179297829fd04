import type { logCreator } from 'kafkajs';
import type { BrokerLog } from './kafka-options.js';

/**
 * All that kafkajs says goes to `debug`. What it calls errors it tries again, often as a matter of course (a topic that
 * is just being made, a coordinator that is still loading); what is left of them reaches Baton as a rejected call, a
 * crash of a consumer or a failed ping, and is told there.
 */
export function kafkaLog(log: BrokerLog | undefined): logCreator {
  return () => (entry) => {
    const { message, ...fields } = entry.log;
    log?.('debug', message, { ...fields, namespace: entry.namespace });
  };
}
