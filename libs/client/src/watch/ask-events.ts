import { BatonError } from '@baton/contracts';
import { problemOf } from '../http.js';
import { noSoonerMs } from '../pace.js';
import { bearerOf } from './bearer.js';
import type { ChannelOptions } from './channel.js';
import { ChannelBreak } from './channel-break.js';

/**
 * One request for a job's events, by poll, long-poll or SSE.
 * @returns an answer of 2xx
 * @throws ChannelBreak where another try may help, BatonApiError where none would
 */
export async function askEvents(
  { gateway, jobId, cursor, credentials, fetch, random, signal }: ChannelOptions,
  headers: Record<string, string>,
): Promise<Response> {
  const bearer = await bearerOf(credentials);
  const url = `${gateway}/v1/results/${encodeURIComponent(jobId)}/events`;
  let answer: Response;
  try {
    answer = await fetch(cursor === undefined ? url : `${url}?cursor=${encodeURIComponent(cursor)}`, {
      headers: { ...headers, authorization: `Bearer ${bearer}` },
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ChannelBreak('unreachable', `GET ${url} got no answer`, { cause });
  }
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  const { retryAfterSeconds } = problem;
  const after = retryAfterSeconds === undefined ? {} : { afterMs: noSoonerMs(retryAfterSeconds, random) };
  if (answer.status === 401)
    throw new ChannelBreak('unauthenticated', problem.message, { bearer, cause: problem });
  if (problem.code === 'too_many_waiting') throw new ChannelBreak('unsupported', problem.message, after);
  if (answer.status === 406 || answer.status === 415) throw new ChannelBreak('unsupported', problem.message);
  if (answer.status >= 500 || answer.status === 408 || answer.status === 429)
    throw new ChannelBreak('broken', problem.message, { ...after, cause: problem });
  throw problem;
}

/** The connection ended within an answer. */
export function cut(cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (cause instanceof ChannelBreak || BatonError.is(cause)) return cause;
  return new ChannelBreak('broken', 'the connection ended within an answer', { cause });
}
