import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { BatonError, limits } from '@baton/contracts';
import { invalidRequest, validate } from '@baton/service';
import { type JobInput, jobInputSchema } from '../job-input.schema.js';
import { payloadOfJob } from '../payload-text.js';
import type { Line } from './read-lines.js';

/** A line that is a valid job. */
export interface ParsedLine {
  input: JobInput;
  /** As it was spelled. */
  payload: string;
  key?: { key: string; bodyHash: Buffer } | undefined;
}

/** @throws BatonError `invalid_json`, `invalid_request`, `payload_too_large` */
export function parseLine({ bytes }: Line): ParsedLine {
  if (!bytes) {
    const most = `a line has at most ${limits.bodyBytes} bytes`;
    throw new BatonError('payload_too_large', `${most}; this one is longer`);
  }
  if (!isUtf8(bytes)) throw new BatonError('invalid_json', 'the line is not UTF-8');
  const text = bytes.toString();
  const { idempotencyKey, ...job } = parseObject(text);
  const input = validate(jobInputSchema, job, 'line');
  const key = keyOf(idempotencyKey);
  return {
    input,
    payload: payloadOfJob(text),
    key: key === undefined ? undefined : { key, bodyHash: createHash('sha256').update(text.trim()).digest() },
  };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BatonError('invalid_json', (cause as Error).message, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalidRequest([{ path: 'line', message: 'must be an object, a job' }]);
}

function keyOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^[\x20-\x7e]+$/.test(value) && value.length <= limits.idempotencyKeyBytes)
    return value;
  const message = `must be 1 to ${limits.idempotencyKeyBytes} printable ASCII characters`;
  throw invalidRequest([{ path: 'idempotencyKey', message }]);
}
