import { trace } from '@opentelemetry/api';
import type { BatonError } from '@baton/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

import { problemHeaders, toProblem } from './problem.js';
import { toBatonError } from './to-baton-error.js';

/** Answers any error as `application/problem+json`, and logs those that are Baton's own fault. */
export class ProblemResponder {
  constructor(private readonly logger: Logger) {}

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const path = request.url.split('?', 1)[0] ?? request.url;
    const error = toBatonError(thrown, {
      method: request.method,
      path,
      contentType: request.headers['content-type'],
      bodyLimit: request.routeOptions.bodyLimit,
    });
    this.log(error, thrown, { method: request.method, path });
    if (reply.sent || reply.raw.headersSent) {
      // A stream that failed half-way: cutting it is the only way left to say so.
      reply.raw.destroy();
      return;
    }
    const problem = toProblem(error, { url: request.url, traceId: traceIdOf(request) });
    // As bytes: to a string Fastify would add a charset, which this media type does not know.
    const body = Buffer.from(JSON.stringify(problem));
    void reply.status(problem.status).headers(problemHeaders(error)).send(body);
  }

  private log(error: BatonError, thrown: unknown, place: { method: string; path: string }): void {
    if (error.status < 500) return;
    const level = error.code === 'unavailable' ? 'warn' : 'error';
    this.logger[level]({ err: thrown, code: error.code, ...place }, 'request failed');
  }
}

/** The active span's trace, else the one that the caller named. */
function traceIdOf(request: FastifyRequest): string | undefined {
  const active = trace.getActiveSpan()?.spanContext().traceId;
  if (active) return active;
  const named = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-/.exec(String(request.headers.traceparent ?? ''));
  return named?.[1];
}
