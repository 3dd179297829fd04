import { BatonError, type FieldError } from '@baton/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { invalidRequest } from '../problem/validate.js';

/** More faults of one payload are not told. */
const mostFaults = 20;

/** The faults of a payload; none when it fits. */
export type PayloadCheck = (payload: unknown) => FieldError[];

/**
 * Compiles a queue's JSON Schema (2020-12). Keywords that the standard does not know are annotations, as it says; a
 * `$ref` may point into the schema itself, nowhere else.
 * @throws BatonError `invalid_request` naming what of the schema is wrong
 */
export function compileSchema(schema: object | boolean): PayloadCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  let validate: ValidateFunction;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidRequest([
      { path: 'schema', message: `must be a JSON Schema 2020-12 that compiles: ${why}` },
    ]);
  }
  return (payload) => (validate(payload) ? [] : (validate.errors ?? []).slice(0, mostFaults).map(faultOf));
}

/** `/items/0/name` is told as `items.0.name`, as all paths of a request are. */
function faultOf({ instancePath, message, params }: ErrorObject): FieldError {
  const path = instancePath.split('/').slice(1).map(unescapePointer).join('.');
  const more = Object.entries(params as Record<string, unknown>).filter(
    ([, value]) => typeof value !== 'object',
  );
  const detail = more.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ');
  return { path, message: `${message ?? 'does not fit'}${detail ? ` (${detail})` : ''}` };
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** @param faults of the request's payloads, by their place in the request */
export function payloadInvalid(queue: string, faults: readonly FieldError[]): BatonError {
  return new BatonError('payload_invalid', `the payload does not fit the schema of queue "${queue}"`, {
    errors: faults,
  });
}
