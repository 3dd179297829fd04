import { limits } from '@baton/contracts';

/**
 * The hold that a `Prefer: wait=N` header asks for (RFC 7240).
 * @param random a number in [0, 1): moves the hold by ±15 %, so that clients which came together do not all
 *   come again together
 * @returns milliseconds; 0 where there is no such preference
 */
export function preferredWaitMs(prefer: string | string[] | undefined, random: number): number {
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec([prefer].flat().join(','));
  if (!match) return 0;
  const seconds = Math.min(Number(match[1]), limits.waitSeconds);
  return Math.round(seconds * 1_000 * (1 + 0.15 * (2 * random - 1)));
}
