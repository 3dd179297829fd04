import { BatonError } from '@baton/contracts';
import type { FastifyInstance } from 'fastify';

/**
 * Reads JSON bodies, and only those: any other content type is 415. An empty body is no body, and the
 * answer to a broken one says where it breaks. Keys that could poison a prototype are refused.
 */
export function readJsonBodies(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    void parse(request, body, (error, value) => (error ? done(explain(body)) : done(null, value)));
  });
}

function explain(body: string): BatonError {
  try {
    JSON.parse(body);
  } catch (cause) {
    return new BatonError('invalid_json', (cause as Error).message, { cause });
  }
  return new BatonError('invalid_json', 'the keys "__proto__" and "constructor.prototype" are refused');
}
