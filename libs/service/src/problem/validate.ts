import { BatonError, type FieldError } from '@baton/contracts';
import type { z } from 'zod';

import { describeIssues } from './describe-issues.js';

/**
 * Checks a value against a schema, as routes of Nest do by their pipe; for raw routes and messages.
 * @param root names the value in the answer where it is itself at fault: `body`, or a parameter's name
 * @returns the schema's output
 * @throws BatonError `invalid_request` with a line a field
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown, root = 'body'): z.output<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw invalidRequest(describeIssues(result.error.issues, { schema, value, root }));
  return result.data;
}

export function invalidRequest(errors: readonly FieldError[]): BatonError {
  const [first] = errors;
  const others = errors.length > 1 ? ` (and ${errors.length - 1} more: see errors)` : '';
  const detail = first ? `${first.path}: ${first.message}${others}` : 'the request is not valid';
  return new BatonError('invalid_request', detail, { errors });
}
