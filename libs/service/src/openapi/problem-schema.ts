import type { OpenAPIObject } from '@nestjs/swagger';
import { errorCodes } from '@baton/contracts';

import { problemMediaType } from '../problem/problem.js';

type Components = NonNullable<OpenAPIObject['components']>;

const text = { type: 'string' } as const;

const problem = {
  type: 'object',
  description: 'RFC 9457 problem details',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'retryable'],
  properties: {
    type: { type: 'string', format: 'uri', description: 'urn:baton:error: and the code' },
    title: text,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: text,
    instance: { type: 'string', description: "the request's path" },
    code: { type: 'string', enum: Object.keys(errorCodes) },
    retryable: { type: 'boolean', description: 'whether the same request may succeed later' },
    trace_id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    errors: {
      type: 'array',
      items: { type: 'object', required: ['path', 'message'], properties: { path: text, message: text } },
    },
  },
};

/** The schema `Problem` and the answer `Problem`, added to what the document has. */
export function problemSchema(components: Components | undefined): Pick<Components, 'schemas' | 'responses'> {
  const content = { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } };
  return {
    schemas: { ...components?.schemas, Problem: problem },
    responses: { ...components?.responses, Problem: { description: 'Any error', content } },
  };
}
