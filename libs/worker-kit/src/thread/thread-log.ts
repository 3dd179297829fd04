import { inspect } from 'node:util';
import type { Log } from '../log.js';
import type { FromThread, LogLevel } from './thread-messages.js';

/** A log whose lines the process writes. */
export function threadLog(tell: (message: FromThread) => void, bound: object = {}): Log {
  const at =
    (level: LogLevel) =>
    (first: string | object, message?: string): void => {
      const fields = typeof first === 'string' ? bound : { ...bound, ...first };
      const text = typeof first === 'string' ? first : (message ?? '');
      try {
        tell({ say: 'log', level, fields, message: text });
      } catch {
        // What cannot be cloned, such as a function, is told as text.
        tell({ say: 'log', level, fields: { fields: inspect(fields) }, message: text });
      }
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => threadLog(tell, { ...bound, ...fields }),
  };
}
