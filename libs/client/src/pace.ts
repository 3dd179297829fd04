/** How long to wait before a service is tried again; milliseconds. */
export interface Backoff {
  firstMs: number;
  mostMs: number;
  random: () => number;
}

/**
 * 1, 2, 4 … 60 s, of which the second half is left to chance, so that clients of a gateway that ends do not come back as one.
 * @param failures in a row, from 1
 */
export function backoffMs(failures: number, { firstMs, mostMs, random }: Backoff): number {
  const most = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return most * (0.5 + 0.5 * random());
}

/** Up to a tenth longer than the service asked for, and never sooner. */
export function noSoonerMs(seconds: number, random: () => number): number {
  return seconds * 1_000 * (1 + 0.1 * random());
}

/** @throws the signal's reason when it aborts meanwhile */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
