import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BatonClient } from '@baton/client';
import { importAddresses } from './import-jobs.js';

let server: Server;
let baton: BatonClient;
let folder: string;
/** Jobs by their keys, as the service keeps them. */
const kept = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'baton-import-'));
  // The service's side of a stream; its first connection breaks after 500 answers.
  let breakAfter = 500;
  server = createServer((request, response) => {
    request.on('error', () => undefined); // the break
    let rest = '';
    let line = 0;
    request.on('data', (chunk: Buffer) => {
      const texts = (rest + chunk.toString()).split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) {
        if (breakAfter-- === 0) return void response.destroy();
        const { idempotencyKey, payload } = JSON.parse(text) as {
          idempotencyKey: string;
          payload: { url: string };
        };
        line++;
        if (!payload.url.startsWith('https:')) {
          const error = { code: 'payload_invalid', message: 'only https', retryable: false };
          response.write(`${JSON.stringify({ line, error })}\n`);
          continue;
        }
        if (!kept.has(idempotencyKey)) kept.set(idempotencyKey, `job-${kept.size}`);
        response.write(`${JSON.stringify({ line, id: kept.get(idempotencyKey) })}\n`);
      }
    });
    request.on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  baton = new BatonClient({ url, gatewayUrl: url, apiKey: 'bk_x' });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test('imports a file, over a broken connection, and again, with each job made once', async () => {
  const file = path.join(folder, 'addresses.txt');
  const urls = Array.from({ length: 2_000 }, (_, n) => (n === 7 ? 'ftp://old' : `https://example.com/${n}`));
  await writeFile(file, urls.join('\n'));
  expect(await importAddresses(baton, file)).toEqual({ jobs: 1_999, refused: 1 });
  expect(await importAddresses(baton, file)).toEqual({ jobs: 1_999, refused: 1 });
  expect(kept.size).toBe(1_999);
});
