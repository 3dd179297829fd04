import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

/**
 * A line a request, at `debug`; those that Baton failed (5xx) at `info`, save a prober's `/readyz`, to which
 * 503 is a plain answer. The query is left out: it may hold secrets.
 */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const path = request.url.split('?', 1)[0];
    const level = reply.statusCode >= 500 && path !== '/readyz' ? 'info' : 'debug';
    if (logger.isLevelEnabled(level)) {
      const fields = {
        method: request.method,
        path,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      };
      logger[level](fields, 'request');
    }
    done();
  });
}
