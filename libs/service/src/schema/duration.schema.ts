import { formatDuration, parseDuration } from '@baton/contracts';
import { z } from 'zod';

/** A duration as the API takes it, `"250ms"` to `"7d"` or milliseconds; out comes milliseconds. Bounds are in. */
export function durationSchema({ min, max }: { min: number; max: number }) {
  const error = `must be a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as "250ms", "2s", "5m", "1h", or milliseconds`;
  const text = z.string().regex(/^\d{1,12}(ms|s|m|h|d)$/);
  return z.union([text, z.int().min(min).max(max)], { error }).transform((value, context): number => {
    const ms = parseDuration(value);
    if (ms !== undefined && ms >= min && ms <= max) return ms;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}
