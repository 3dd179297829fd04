import { timing } from '@baton/contracts';
import { withoutTracing } from '@baton/tracing';
import { type Agent, errors, request } from 'undici';
import type { Answer } from './judge-answer.js';
import { retryAfterOf } from './judge-answer.js';

/** What is read of a receiver's body before its connection is closed: it says nothing that matters. */
const bodyBytes = 16 * 1024;
const bodyMs = 1_000;
const keptHeaders = 30;
const keptChars = 256;

export interface Sent {
  answer: Answer;
  /** One text for all that cannot be reached: which addresses are blocked or closed is not the caller's to learn. */
  error: string | null;
  headers: Record<string, string> | null;
  /** Milliseconds until the head of the answer, and until its end. */
  headMs: number;
  totalMs: number;
}

/**
 * Posts one delivery. The head of the answer decides, and has 15 s; of the body a little is read for a little while,
 * so that neither a dripping nor an endless one holds anything. Redirects are answers like any other.
 * @param options.signal aborts a try at a shutdown: it rejects then, and has no outcome
 */
export async function sendRequest(
  agent: Agent,
  url: string,
  {
    headers,
    body,
    signal,
    timeoutMs = timing.webhookTimeoutMs,
  }: { headers: Record<string, string>; body: string; signal: AbortSignal; timeoutMs?: number },
): Promise<Sent> {
  const began = performance.now();
  const took = (): number => Math.round(performance.now() - began);
  const ending = new Ending(signal);
  ending.in(timeoutMs);
  try {
    const response = await withoutTracing(() =>
      request(url, {
        dispatcher: agent,
        method: 'POST',
        headers,
        body,
        signal: ending.signal,
        headersTimeout: timeoutMs,
        bodyTimeout: bodyMs,
      }),
    );
    const headMs = took();
    // Its failures are of no interest: the answer is there.
    ending.in(bodyMs);
    await response.body.dump({ limit: bodyBytes, signal: ending.signal }).catch(() => undefined);
    response.body.destroy();
    const retryAfterMs = retryAfterOf(response.headers['retry-after'], Date.now());
    return {
      answer: { status: response.statusCode, retryAfterMs },
      error: null,
      headers: kept(response.headers),
      headMs,
      totalMs: took(),
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const timeout = ending.isLate || error instanceof errors.HeadersTimeoutError;
    return {
      answer: { fault: timeout ? 'timeout' : 'unreachable' },
      error: timeout ? `no answer within ${timeoutMs / 1_000} s` : 'the receiver could not be reached',
      headers: null,
      headMs: took(),
      totalMs: took(),
    };
  } finally {
    ending.clear();
  }
}

/** Ends a try by time or with the service. One timer that is cleared: signals of their own would outlive thousands of tries. */
class Ending {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  isLate = false;

  constructor(private readonly outer: AbortSignal) {
    if (outer.aborted) this.abort();
    else outer.addEventListener('abort', this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  in(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.isLate = true;
      this.abort();
    }, ms);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.abort);
  }

  private readonly abort = (): void => this.controller.abort();
}

/** What is kept of an answer's headers. */
export function kept(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers)
    .filter(([name]) => name !== 'set-cookie')
    .slice(0, keptHeaders);
  return Object.fromEntries(entries.map(([name, value]) => [storable(name), storable(String(value))]));
}

/** PostgreSQL stores no NUL, nor half of a character that was cut in two; a header has no business with control characters. */
function storable(text: string): string {
  const start = text.slice(0, keptChars).toWellFormed();
  // eslint-disable-next-line no-control-regex
  if (!/[\0-\x1f]/.test(start)) return start;
  return Array.from(start, (character) => (character < ' ' ? ' ' : character)).join('');
}
