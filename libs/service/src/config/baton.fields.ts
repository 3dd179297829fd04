import { dispatchModes, type DispatchMode } from '@baton/contracts';

import { parsed, variable, withDefault, type Field } from './field.js';
import { oneOf } from './plain.fields.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const shortestKeyBytes = 32;

/** A worker's source; at the relay, the mode of new queues. */
export function dispatchMode(name = 'DISPATCH_MODE'): Field<DispatchMode> {
  return withDefault(oneOf(name, dispatchModes), 'polling');
}

export function logLevel(name = 'LOG_LEVEL'): Field<LogLevel> {
  return withDefault(oneOf(name, logLevels), 'info');
}

/** The deployment's key, from which those of secrets at rest and of tokens are derived: 32 random bytes or more. */
export function masterKey(name = 'BATON_MASTER_KEY'): Field<Buffer> {
  return variable(name, parsed(decodeKey), {
    allowed: 'at least 32 random bytes in hex or base64, such as `openssl rand -hex 32` prints',
    secret: 'whole',
  });
}

/** Hex first: 64 hex digits are valid base64 too, but of other bytes. */
function decodeKey(text: string): Buffer {
  const encoding = /^[0-9a-f]+$/i.test(text)
    ? 'hex'
    : /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
      ? 'base64'
      : undefined;
  if (!encoding) throw new Error('is neither hex nor base64');
  const key = Buffer.from(text, encoding);
  if (key.length < shortestKeyBytes) throw new Error(`holds ${key.length} bytes`);
  return key;
}
