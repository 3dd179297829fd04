import { limits } from '@baton/contracts';

/** The hold that a request asks for; milliseconds. */
export interface Wait {
  ms: number;
  /** What is wrong with what it asked for, and what it gets. */
  advice?: string | undefined;
}

/**
 * The hold that a `Prefer: wait=N` header asks for (RFC 7240), bounded: no request is held without a limit.
 * @param random a number in [0, 1): moves the hold by ±15 %, so that clients which came together do not all
 *   come again together
 * @returns `ms` 0 where there is no such preference
 */
export function preferredWait(prefer: string | string[] | undefined, random: number): Wait {
  const text = [prefer].flat().join(',');
  const match = /(?:^|[,;\s])wait\s*(?:=\s*"?(\d{1,9})?"?)?/i.exec(text);
  if (!match) return { ms: 0 };
  const asked = Number(match[1] ?? 0);
  const seconds = Math.min(asked, limits.waitSeconds);
  const ms = Math.round(seconds * 1_000 * (1 + 0.15 * (2 * random - 1)));
  if (asked > limits.waitSeconds)
    return {
      ms,
      advice: `a request is held for ${limits.waitSeconds} s at most; ask again with the cursor, or stream`,
    };
  if (asked === 0)
    return { ms, advice: 'Prefer: wait needs whole seconds, such as "wait=30"; the request was not held' };
  return { ms };
}

/** Of answers whose request should be made in another way. */
export const adviceHeader = 'baton-advice';
