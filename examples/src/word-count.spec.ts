import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { JobTester } from '@baton/worker-kit/testing';
import { WordCountController } from './word-count.controller.js';

let site: Server;
let origin: string;
let jobs: JobTester;

beforeAll(async () => {
  site = createServer((request, response) => {
    if (request.url === '/slow') return; // never answers
    const status = Number(request.url?.slice(1));
    response.writeHead(status).end(' three small\nwords ');
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  jobs = await JobTester.create({ controllers: [WordCountController] });
});
afterAll(async () => {
  await jobs.close();
  site.closeAllConnections();
  site.close();
});

test('counts words', async () => {
  const outcome = await jobs.run('word-count', { url: `${origin}/200` });
  expect(outcome).toEqual({ kind: 'succeeded', result: { kind: 'json', json: '{"words":3}' } });
});

test('comes back later when the site asks for it', async () => {
  expect(await jobs.run('word-count', { url: `${origin}/429` })).toMatchObject({ kind: 'snoozed' });
});

test('gives up on a page that is not there', async () => {
  const outcome = await jobs.run('word-count', { url: `${origin}/404` });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'handler_fatal', retryable: false } });
});

test('is tried again when the site is broken', async () => {
  const outcome = await jobs.run('word-count', { url: `${origin}/500` });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'handler_error', retryable: true } });
});

test('stops waiting when its time is over', async () => {
  const outcome = await jobs.run('word-count', { url: `${origin}/slow` }, { timeoutMs: 50 });
  expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'timeout' } });
});
