import { PostJobs } from './jobs/post-jobs.js';
import { jobInputSchema } from './jobs/job-input.schema.js';
import { Authenticator, validate, setupOpenApi } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { keepRawJsonBodies } from './jobs/raw-json-body.js';

/** The largest body of a batch: some 1,600 bytes for each of 10,000 jobs. */
const batchBytes = 16 * 1024 * 1024;

/** What is HTTP's and not a controller's: how bodies are read, how large they may be, and the API's description. */
export async function configureHttp(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  keepRawJsonBodies(fastify);
  fastify.addHook('onRoute', (route) => {
    if (process.env['RAW'] && route.method === 'POST' && route.url === '/v1/jobs') {
      const authenticator = app.get(Authenticator); const posts = app.get(PostJobs, { strict: false });
      route.handler = async (request, reply) => {
        const c = authenticator.authenticate(request.headers.authorization, { scopes: ['jobs:write'] });
        const caller = c instanceof Promise ? await c : c;
        await posts.one(validate(jobInputSchema, request.body), { caller, request, reply });
      };
    }
    if (route.method === 'POST' && route.url === '/v1/jobs/batch') route.bodyLimit = batchBytes;
  });
  await setupOpenApi(app, { title: 'Baton: jobs', version: '1' });
}
