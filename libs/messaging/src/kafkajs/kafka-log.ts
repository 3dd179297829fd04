import type { logCreator } from 'kafkajs';
import type { BrokerLog, BrokerLogLevel } from './kafka-options.js';
import { logLevel } from './library.js';

/** The client retries what it calls errors, and Baton reports what is left: so its errors are warnings here. */
const levels: Readonly<Record<number, BrokerLogLevel>> = {
  [logLevel.ERROR]: 'warn',
  [logLevel.WARN]: 'warn',
  [logLevel.INFO]: 'debug',
  [logLevel.DEBUG]: 'debug',
};

/** Said at each start; the retries do end, since a producer that failed is never used again. */
const expected = 'Limiting retries for the idempotent producer';

/** Once `isOver`, what the client says of its broken connections is of no interest. */
export function kafkaLog(log: BrokerLog | undefined, isOver: () => boolean): logCreator {
  return () => (entry) => {
    const { message, ...fields } = entry.log;
    const level = isOver() || message.startsWith(expected) ? 'debug' : (levels[entry.level] ?? 'debug');
    log?.(level, message, { ...fields, namespace: entry.namespace });
  };
}
