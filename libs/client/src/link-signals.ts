/**
 * One signal that aborts with the first of several. Unlike `AbortSignal.any` it lets go of them when it is told to, so that
 * a signal that lives as long as a program gathers nothing.
 */
export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): {
  signal: AbortSignal;
  unlink: () => void;
} {
  const linked = new AbortController();
  const given = signals.filter((each) => each !== undefined);
  const listeners = given.map((each) => [each, () => linked.abort(each.reason)] as const);
  for (const [each, listener] of listeners) {
    if (each.aborted) listener();
    else each.addEventListener('abort', listener, { once: true });
  }
  const unlink = (): void => {
    for (const [each, listener] of listeners) each.removeEventListener('abort', listener);
  };
  return { signal: linked.signal, unlink };
}
