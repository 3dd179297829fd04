import { context } from '@opentelemetry/api';
import { httpSeconds, nameRequestSpan, requestContext } from '@baton/tracing';
import type { FastifyInstance } from 'fastify';

/** A route with an id in it is one route: its pattern labels spans and metrics. Unknown ones share a label. */
const noRoute = 'none';

/**
 * Runs each request in its trace: the instrumented server span's, named by its route, or else the caller's own.
 * After the body was read, since reading it would lose the context.
 */
export function traceRequests(fastify: FastifyInstance): void {
  fastify.addHook('preHandler', (request, _reply, done) => {
    context.with(requestContext(request.headers), () => {
      nameRequestSpan(request.method, request.routeOptions.url ?? noRoute);
      done();
    });
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const labels = [request.method, request.routeOptions.url ?? noRoute, String(reply.statusCode)] as const;
    httpSeconds.labels(...labels).observe(reply.elapsedTime / 1_000);
    done();
  });
}
