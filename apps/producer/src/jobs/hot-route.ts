import { Authenticator, validate } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { jobInputSchema } from './job-input.schema.js';
import { PostJobs } from './post-jobs.js';

/**
 * Lets Fastify answer `POST /v1/jobs` by itself. The controller's method goes on describing the route, and would
 * answer it alike; but Nest's guard, pipe and interceptors take a quarter of the request's time (160 µs of CPU
 * with them, 120 without, in groups of some 30 jobs).
 *
 * To be called before the app is initialised: it takes the handler's place when Nest adds the route.
 */
export function answerPostsDirectly(app: NestFastifyApplication): void {
  const posts = app.get(PostJobs, { strict: false });
  const authenticator = app.get(Authenticator);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const known = authenticator.authenticate(request.headers.authorization, { scopes: ['jobs:write'] });
    // Remembered keys are known at once, without a turn of the event loop.
    const caller = known instanceof Promise ? await known : known;
    await posts.one(validate(jobInputSchema, request.body), { caller, request, reply });
  };
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRoute', (route) => {
    if (route.method === 'POST' && route.url === '/v1/jobs') route.handler = handler;
  });
}
