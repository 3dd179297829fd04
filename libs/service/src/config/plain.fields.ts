import { formatDuration, parseDuration } from '@baton/contracts';
import { z } from 'zod';

import { parsed, variable, type Field } from './field.js';

/** A whole number within bounds, both included. */
export function integer(
  name: string,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): Field<number> {
  const upTo = max === Number.MAX_SAFE_INTEGER ? ' upwards' : ` to ${max}`;
  return variable(
    name,
    parsed((text) => {
      const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? value : undefined;
    }),
    { allowed: `an integer from ${min}${upTo}` },
  );
}

/** A TCP port; 0 takes a free one. */
export function port(name = 'PORT'): Field<number> {
  return integer(name, { min: 0, max: 65_535 });
}

/** A duration in milliseconds, spelled `250ms`, `2s`, `5m`, `1h`, `7d` or as bare milliseconds. */
export function duration(
  name: string,
  { min = 0, max = 365 * 86_400_000 }: { min?: number; max?: number } = {},
): Field<number> {
  return variable(
    name,
    parsed((text) => {
      const ms = parseDuration(/^\d{1,12}$/.test(text) ? Number(text) : text);
      return ms !== undefined && ms >= min && ms <= max ? ms : undefined;
    }),
    {
      allowed: `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as "250ms", "2s", "5m"`,
    },
  );
}

/** A switch: `1`, `true`, `on` or `0`, `false`, `off`. */
export function flag(name: string): Field<boolean> {
  const words: Record<string, boolean> = {
    1: true,
    true: true,
    on: true,
    0: false,
    false: false,
    off: false,
  };
  return variable(
    name,
    parsed((text) => words[text.toLowerCase()]),
    { allowed: '1, true, on, 0, false or off' },
  );
}

/** One of the words. */
export function oneOf<const T extends string>(name: string, words: readonly [T, ...T[]]): Field<T> {
  return variable(name, z.enum(words), { allowed: words.join(', ') });
}

/** Any text that is not empty. `what` says what it is for; `secret` keeps it out of every message. */
export function text(
  name: string,
  what: string,
  { secret = false }: { secret?: boolean } = {},
): Field<string> {
  return variable(name, z.string(), { allowed: what, ...(secret ? { secret: 'whole' as const } : {}) });
}
