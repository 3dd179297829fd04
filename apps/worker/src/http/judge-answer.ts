/** What a receiver answered. */
export interface HttpAnswer {
  status: number;
  /** Of its `Retry-After`; null: it said none. */
  retryAfter: string | null;
  mediaType: string;
  bytes: Buffer;
}

export type Verdict =
  | { kind: 'done' }
  /** `afterMs` undefined: when the job's own backoff says. */
  | { kind: 'again'; error: Error; afterMs: number | undefined }
  | { kind: 'never'; error: Error };

/** What may pass, whatever else the receiver says. */
const passing = new Set([408, 425, 429]);
const longestMs = 24 * 3_600_000;

/**
 * What an answer does to its job: 2xx is its result; 408, 425, 429 and 5xx are tried again, when `Retry-After` says where there
 * is one (a day at most); all else is final, redirects among it: they are never followed.
 */
export function judgeAnswer({ status, retryAfter, bytes }: HttpAnswer, nowMs: number): Verdict {
  if (status >= 200 && status < 300) return { kind: 'done' };
  const said = bytes.subarray(0, 500).toString().trim();
  const error = new Error(`the receiver answered ${status}${said === '' ? '' : `: ${said}`}`);
  if (status >= 500 || passing.has(status))
    return { kind: 'again', error, afterMs: retryAfterMs(retryAfter, nowMs) };
  return { kind: 'never', error };
}

function retryAfterMs(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestMs);
}
