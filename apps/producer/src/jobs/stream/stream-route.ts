import { Readable } from 'node:stream';
import { BatonError } from '@baton/contracts';
import { Authenticator, invalidRequest } from '@baton/service';
import { requestContext } from '@baton/tracing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { JobStream } from './job-stream.js';

const mediaType = 'application/x-ndjson';
const url = '/v1/jobs/batch';

/**
 * Lets `POST /v1/jobs/batch` take and answer NDJSON beside JSON: such a body is not read whole, so Fastify answers it by
 * itself. To be called before the app is initialised.
 */
export function answerJobStreams(app: NestFastifyApplication): void {
  const streams = app.get(JobStream, { strict: false });
  const authenticator = app.get(Authenticator);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const caller = await authenticator.authenticate(request.headers.authorization, {
      scopes: ['jobs:write'],
    });
    if (request.headers['idempotency-key'] !== undefined) {
      const message = 'is of no use to a stream: give each line an idempotencyKey';
      throw invalidRequest([{ path: 'Idempotency-Key', message }]);
    }
    const context = requestContext(request.headers);
    const answers = streams.answer(
      { tenantId: caller.tenantId, context },
      request.body as AsyncIterable<Buffer>,
    );
    return reply
      .code(202)
      .header('content-type', mediaType)
      .send(Readable.from(answers, { highWaterMark: 1 }));
  };
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addContentTypeParser(mediaType, (request, payload, done) => {
    if (request.routeOptions.url === url) return done(null, payload);
    done(new BatonError('unsupported_media_type', `${mediaType} is only taken by POST ${url}`));
  });
  fastify.addHook('onRoute', (route) => {
    if (route.method !== 'POST' || route.url !== url) return;
    const json = route.handler;
    route.handler = function (this: unknown, request, reply) {
      const isStream = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() === mediaType;
      if (isStream) return handler(request, reply);
      const answer: unknown = json.call(this as never, request, reply);
      return answer;
    };
  });
}
