import { createHash } from 'node:crypto';
import { BatonError, limits } from '@baton/contracts';
import type { ExecutionResult } from './outcome.js';

/**
 * What a handler returned as JSON, as it is kept; `undefined` is `null`. What is larger than JSON may be is a file.
 * @throws BatonError `result_not_storable` when it is no JSON
 */
export function encodeResult(value: unknown): ExecutionResult {
  const json = toJson(value ?? null);
  // A UTF-16 unit takes at most three bytes, so most results need not be measured.
  const fits = json.length * 3 <= limits.resultBytes || Buffer.byteLength(json) <= limits.resultBytes;
  if (fits) return { kind: 'json', json };
  return fileOf(Buffer.from(json), { mediaType: 'application/json', name: 'result.json' });
}

/** Bytes as a file. */
export function fileOf(bytes: Buffer, named: { mediaType: string; name: string }) {
  const { mediaType, name } = named;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { kind: 'file', mediaType, name, sha256, size: bytes.length, bytes } as const;
}

function toJson(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    if (BatonError.is(error)) throw error;
    throw notStorable(`the handler's result cannot be written as JSON: ${(error as Error).message}`, error);
  }
  if (json === undefined)
    throw notStorable(`the handler returned a ${typeof value}, which JSON does not have`);
  return json;
}

function notStorable(message: string, cause?: unknown): BatonError {
  return new BatonError('result_not_storable', message, { cause });
}
