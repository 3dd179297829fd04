import { BatonError, limits } from '@baton/contracts';
import { FileResult } from '../handler/file-result.js';
import type { ExecutionResult } from './outcome.js';

/**
 * What a handler returned, as it is stored: JSON (`undefined` is `null`), or a file.
 * @throws BatonError `result_not_storable` when it is no JSON, or larger than a result may be
 */
export function encodeResult(value: unknown): ExecutionResult {
  if (value instanceof FileResult) {
    const { bytes, mediaType, name, sha256 } = value;
    return { kind: 'file', bytes, mediaType, name, sha256 };
  }
  const json = toJson(value ?? null);
  // A UTF-16 unit takes at most three bytes, so most results need not be measured.
  if (json.length * 3 > limits.resultBytes) {
    const bytes = Buffer.byteLength(json);
    if (bytes > limits.resultBytes) {
      throw notStorable(
        `the handler's result has ${bytes} bytes as JSON; a result may have at most ${limits.resultBytes}`,
      );
    }
  }
  return { kind: 'json', json };
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
