import { linkSignals } from './link-signals.js';

/** A service that has not answered whole by then is frozen, or the network has lost it; milliseconds. */
export const answerMs = 60_000;

/**
 * Does what needs a service's answer, for as long as one may take.
 * @param signal the caller's own
 * @throws what `work` throws, which its signal ends
 */
export async function timely<T>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`it had not answered after ${answerMs / 1_000} s`)),
    answerMs,
  );
  const linked = linkSignals(signal, late.signal);
  try {
    return await work(linked.signal);
  } finally {
    clearTimeout(timer);
    linked.unlink();
  }
}
