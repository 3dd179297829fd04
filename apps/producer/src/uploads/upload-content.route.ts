import { BatonError, limits } from '@baton/contracts';
import { Database, fillUpload, retrying } from '@baton/persistence';
import { idSchema, validate } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { UploadLinks } from './upload-links.js';

const querySchema = z.strictObject({
  expires: z.coerce.number().int().min(0).max(8.64e15),
  signature: z.string().max(100),
});

/**
 * Lets Fastify answer `PUT /v1/uploads/:id/content` by itself: its body is bytes of whatever type, which is read whole, and
 * kept in PostgreSQL. To be called before the app is initialised.
 */
export function answerUploads(app: NestFastifyApplication): void {
  const links = app.get(UploadLinks, { strict: false });
  const database = app.get(Database, { strict: false });
  const fastify = app.getHttpAdapter().getInstance();
  void fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    const idOf = ({ params }: FastifyRequest): string => validate(z.object({ id: idSchema }), params).id;
    scope.put('/v1/uploads/:id/content', {
      bodyLimit: limits.postgresFileBytes,
      // Before a byte of the body is read: the route is open to anyone.
      onRequest: async (request) => {
        const refusal = links.refuse(idOf(request), validate(querySchema, request.query), Date.now());
        if (refusal !== undefined) throw new BatonError('unauthenticated', refusal);
      },
      handler: async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        await retrying(() => fillUpload(database.pool, idOf(request), body));
        return reply.code(200).send();
      },
    });
    done();
  });
}
