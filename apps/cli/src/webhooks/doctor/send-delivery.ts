import { reasonOf } from '../../connection/api.js';
import type { Delivery } from './make-delivery.js';

/** What a receiver answered. */
export interface ReceiverAnswer {
  status?: number;
  /** Why there is no status. */
  fault?: string;
  /** Milliseconds until the head of the answer. */
  tookMs: number;
}

export interface SendOptions {
  signal: AbortSignal;
  /** Until a receiver is given up, as Baton does it. */
  timeoutMs: number;
  /** The body comes in so many pieces, so far apart. */
  drip?: { pieces: number; everyMs: number };
  /** The connection is cut after half of the body. */
  cut?: boolean;
}

/** Sends a delivery as Baton does: redirects are answers like any other. */
export async function sendDelivery(
  url: string,
  { headers, body }: Delivery,
  { signal, timeoutMs, drip, cut = false }: SendOptions,
): Promise<ReceiverAnswer> {
  const began = performance.now();
  const tookMs = (): number => Math.round(performance.now() - began);
  const late = AbortSignal.timeout(timeoutMs);
  const bytes = Buffer.from(body);
  const inPieces = drip ?? (cut ? { pieces: 2, everyMs: 100 } : undefined);
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, ...(inPieces && { 'content-length': String(bytes.length) }) },
      signal: AbortSignal.any([signal, late]),
      ...(inPieces ? { body: stream(bytes, { ...inPieces, cut }), duplex: 'half' } : { body }),
    });
    await response.body?.cancel();
    return { status: response.status, tookMs: tookMs() };
  } catch (error) {
    signal.throwIfAborted();
    return {
      fault: late.aborted ? `no answer within ${timeoutMs / 1_000} s` : reasonOf(error),
      tookMs: tookMs(),
    };
  }
}

function stream(
  bytes: Buffer,
  { pieces, everyMs, cut }: { pieces: number; everyMs: number; cut: boolean },
): ReadableStream<Uint8Array> {
  const size = Math.ceil(bytes.length / pieces);
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
      if (cut && at > 0) return controller.error(new Error('cut on purpose'));
      controller.enqueue(bytes.subarray(at, (at += size)));
      if (at >= bytes.length) controller.close();
    },
  });
}

export function accepted({ status }: ReceiverAnswer): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

export function words({ status, fault }: ReceiverAnswer): string {
  return status === undefined ? (fault ?? 'no answer') : `answered ${status}`;
}
