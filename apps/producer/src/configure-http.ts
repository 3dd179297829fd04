import { setupOpenApi } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { answerPostsDirectly } from './jobs/hot-route.js';
import { answerJobStreams } from './jobs/stream/stream-route.js';
import { answerUploads } from './uploads/upload-content.route.js';
import { keepRawJsonBodies } from './jobs/raw-json-body.js';

/** The largest body of a batch: some 1,600 bytes for each of 10,000 jobs. */
const batchBytes = 16 * 1024 * 1024;

/** What is HTTP's and not a controller's: how bodies are read, how large they may be, and the API's description. */
export async function configureHttp(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  keepRawJsonBodies(fastify);
  fastify.addHook('onRoute', (route) => {
    if (route.method === 'POST' && (route.url === '/v1/jobs/batch' || route.url === '/v1/flows'))
      route.bodyLimit = batchBytes;
  });
  answerPostsDirectly(app);
  answerJobStreams(app);
  answerUploads(app);
  await setupOpenApi(app, { title: 'Baton: jobs', version: '1' });
}
