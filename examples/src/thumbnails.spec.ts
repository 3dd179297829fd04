import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatonClient } from '@baton/client';
import { JobTester } from '@baton/worker-kit/testing';
import { galleryChanged, publishUpload } from './publish-upload.js';
import { Pictures, ThumbnailsController } from './thumbnails.controller.js';
import './thumbnails.types.js';

/** Widths over 1,000 are too much for it. */
class SmallPictures extends Pictures {
  override async shrink(upload: string, width: number): Promise<string> {
    if (width > 1_000) throw new Error('too large');
    return `/small/${width}/${upload}`;
  }
}

interface PostedJob {
  name: string;
  queue: 'make-thumbnail' | 'report-upload';
  payload: { upload: string; width: number };
  dependsOn?: { job: string }[];
}

let server: Server;
let baton: BatonClient;
let jobs: JobTester;
let posted: { url: string; body: { jobs: PostedJob[] } }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      posted.push({ url: request.url!, body: JSON.parse(text) as { jobs: PostedJob[] } });
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"id":"f1","jobs":{}}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  baton = new BatonClient({ url, gatewayUrl: url, apiKey: 'bk_x' });
  const providers = [{ provide: Pictures, useClass: SmallPictures }];
  jobs = await JobTester.create({ controllers: [ThumbnailsController], providers });
});
afterAll(async () => {
  await jobs.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  posted = [];
});

test('makes the thumbnails, and reports those that are there and those that failed', async () => {
  await publishUpload(baton, 'cat.png');
  const [report, ...thumbnails] = [...posted[0]!.body.jobs].reverse();
  const parents = [];
  for (const { name, queue, payload } of thumbnails.reverse()) {
    const outcome = await jobs.run(queue, payload, { maxAttempts: 1 });
    const told = { id: name, name, state: outcome?.kind === 'succeeded' ? 'succeeded' : 'dead' };
    const result =
      outcome?.kind === 'succeeded' && outcome.result?.kind === 'json'
        ? { result: JSON.parse(outcome.result.json) as unknown }
        : {};
    parents.push({ ...told, ...result });
  }
  expect(report!.dependsOn!.map(({ job }) => job)).toEqual(parents.map(({ name }) => name));
  // What the engine gives the report's handler, once all of them have ended.
  const outcome = await jobs.run(report!.queue, report!.payload, { parents: JSON.stringify(parents) });
  const thumbnailsMade = { w160: '/small/160/cat.png', w640: '/small/640/cat.png' };
  const json = JSON.stringify({ thumbnails: thumbnailsMade, failed: ['w1280'] });
  expect(outcome).toEqual({ kind: 'succeeded', result: { kind: 'json', json } });
});

test('a gallery that changes is made anew after its quiet', async () => {
  await galleryChanged(baton, 'cats');
  expect(posted).toMatchObject([
    {
      url: '/v1/jobs',
      body: {
        queue: 'refresh-gallery',
        unique: { fields: ['gallery'], onConflict: 'debounce', within: '10s' },
      },
    },
  ]);
});
