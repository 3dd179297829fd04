import { limits } from '@baton/contracts';
import type { ClaimedDelivery } from '@baton/persistence';
import { traceIdOf } from '@baton/tracing';

type Told = Pick<ClaimedDelivery, 'type' | 'atMs' | 'jobId' | 'data' | 'result' | 'error' | 'traceparent'>;

/**
 * The body of a delivery, the same text at each of its tries. The result is put in as the worker gave it; a body that
 * would be larger than 16 KiB leaves it out, and says so.
 */
export function deliveryBody(delivery: Told): string {
  const whole = bodyOf(delivery, resultOf(delivery));
  if (delivery.result === null || Buffer.byteLength(whole) <= limits.webhookBytes) return whole;
  return bodyOf(delivery, ',"thin":true');
}

function resultOf({ result, data }: Told): string {
  if (result !== null) return `,"result":${result}`;
  // A result too large to be kept with the delivery.
  return data['resultBytes'] === undefined ? '' : ',"thin":true';
}

function bodyOf({ type, atMs, jobId, data, error, traceparent }: Told, rest: string): string {
  const told = {
    ...data,
    ...(error !== null && { error: withoutStack(error) }),
    ...(traceparent !== null && { traceId: traceIdOf({ traceparent }) }),
    ...(jobId !== null && { links: { self: `/v1/jobs/${jobId}`, result: `/v1/results/${jobId}` } }),
  };
  const head = JSON.stringify({ type, timestamp: new Date(atMs).toISOString() }).slice(0, -1);
  const text = JSON.stringify(told);
  const inner = text === '{}' ? rest.slice(1) : `${text.slice(1, -1)}${rest}`;
  return `${head},"data":{${inner}}}`;
}

/** A stack tells of the inside of the user's worker, and is for nobody else. */
function withoutStack(error: string): { code: string; message: string } {
  const { code, message } = JSON.parse(error) as { code: string; message: string };
  return { code, message };
}
