import { parseDuration } from '@baton/contracts';
import { UsageError } from '../cli.error.js';

/** @throws UsageError */
export function readDuration(
  text: string,
  option: string,
  { min, max }: { min: number; max: number },
): number {
  const ms = parseDuration(/^\d+$/.test(text) ? Number(text) : text);
  if (ms === undefined || ms < min || ms > max)
    throw new UsageError(
      `${option} must be a duration such as "250ms", "2s" or "5m", from ${min} ms to ${max} ms, got "${text}"`,
    );
  return ms;
}

/** `12`, `12/s`, `700/m`, `1000/h`, `1000000/d`. @returns a second @throws UsageError */
export function readRate(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|m|h|d))?$/.exec(text);
  const per = { s: 1, m: 60, h: 3_600, d: 86_400 }[(match?.[2] ?? 's') as 's' | 'm' | 'h' | 'd'];
  const rate = Number(match?.[1]) / per;
  if (!match || !(rate >= 0))
    throw new UsageError(`${option} must be a rate such as "12/s" or "1000000/d", got "${text}"`);
  return rate;
}

/** @throws UsageError */
export function readOneOf<T extends string>(text: string, option: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (!found) throw new UsageError(`${option} must be one of ${allowed.join(', ')}, got "${text}"`);
  return found;
}
