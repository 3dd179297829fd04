import { isUtf8 } from 'node:buffer';
import { BatonError } from '@baton/contracts';
import type { FastifyInstance } from 'fastify';

/** A JSON body as it came: its bytes are what an idempotency key stands for, its text holds the payload as sent. */
export interface RawBody {
  bytes: Buffer;
  text: string;
}

const bodies = new WeakMap<object, RawBody>();
const noBody: RawBody = { bytes: Buffer.alloc(0), text: 'null' };

export function rawBodyOf(request: object): RawBody {
  return bodies.get(request) ?? noBody;
}

/** Reads JSON bodies as the service does, and keeps what came beside what it says. */
export function keepRawJsonBodies(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    if (bytes.length === 0) return done(null, undefined);
    if (!isUtf8(bytes)) return done(new BatonError('invalid_json', 'the body is not UTF-8'));
    const text = bytes.toString().replace(/^\ufeff/, '');
    void parse(request, text, (error, value) => {
      if (error) return done(explain(text));
      bodies.set(request, { bytes, text });
      done(null, value);
    });
  });
}

function explain(text: string): BatonError {
  try {
    JSON.parse(text);
  } catch (cause) {
    return new BatonError('invalid_json', (cause as Error).message, { cause });
  }
  return new BatonError('invalid_json', 'the keys "__proto__" and "constructor.prototype" are refused');
}
