import { BatonError, limits } from '@baton/contracts';
import { elementsOf, memberOf, type Span, valueAt } from './json-text.js';

/** The payload of the one job that a body is, as sent. @throws BatonError `payload_too_large` */
export function payloadOfJob(body: string): string {
  return payloadText(body, valueAt(body, 0), 'payload');
}

/** The payloads of a batch's jobs, in order. @throws BatonError `payload_too_large`, naming the job */
export function payloadsOfBatch(body: string): string[] {
  const jobs = memberOf(body, valueAt(body, 0), 'jobs');
  if (!jobs) return [];
  return Array.from(elementsOf(body, jobs), (job, i) => payloadText(body, job, `jobs.${i}.payload`));
}

/** The payload of a batch's callback, as sent. @throws BatonError `payload_too_large` */
export function payloadOfCallback(body: string): string {
  const callback = memberOf(body, valueAt(body, 0), 'callback');
  return callback ? payloadText(body, callback, 'callback.payload') : 'null';
}

function payloadText(body: string, job: Span, path: string): string {
  const span = memberOf(body, job, 'payload');
  if (!span) return 'null';
  const payload = body.slice(span.start, span.end);
  // A character has three bytes at most (those of four are two characters here), so most need no counting.
  if (payload.length * 3 <= limits.payloadBytes) return payload;
  const bytes = Buffer.byteLength(payload);
  if (bytes <= limits.payloadBytes) return payload;
  const message = `has ${bytes} bytes; allowed: ${limits.payloadBytes}. Put a larger input into an upload (POST /v1/uploads), and name it in the payload by {"$upload": "<id>"}`;
  throw new BatonError('payload_too_large', `${path}: ${message}`, { errors: [{ path, message }] });
}
