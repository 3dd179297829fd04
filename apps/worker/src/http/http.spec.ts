import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '@baton/contracts';
import { httpSigningKey } from '@baton/service/egress';
import { AttemptTimeoutError } from '@baton/worker-kit';
import { JobTester } from '@baton/worker-kit/testing';
import { Webhook } from 'standardwebhooks';
import { HttpController } from './http.controller.js';
import { HttpCalls, type HttpCallsOptions } from './http-calls.js';

const masterKey = randomBytes(32);
const allow = [{ address: '127.0.0.0', prefix: 8, family: 'ipv4' as const }];

let server: Server;
let origin: string;
let jobs: JobTester;
const received: { method: string; headers: IncomingHttpHeaders; body: string }[] = [];
const answers = new Map<string, (response: ServerResponse) => void>();

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ method: request.method!, headers: request.headers, body });
      answers.get(request.url!)?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  jobs = await tester({ masterKey, allow });
});
afterAll(async () => {
  await jobs.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => received.splice(0));

function tester(options: HttpCallsOptions): Promise<JobTester> {
  const calls = { provide: HttpCalls, useValue: new HttpCalls(options) };
  return JobTester.create({ controllers: [HttpController], providers: [calls] });
}
const answer = (path: string, status: number, headers: Record<string, string> = {}, body = ''): string => {
  answers.set(path, (response) => response.writeHead(status, headers).end(body));
  return `${origin}${path}`;
};

it('posts JSON, signed as webhooks are, under the id of the job, and returns what is answered', async () => {
  const url = answer('/ok', 200, { 'content-type': 'application/json; charset=utf-8' }, '{"done":[1]}');
  const [jobId, tenantId] = [randomUUID(), randomUUID()];
  const outcome = await jobs.run('http', { url, body: { n: 1 } }, { jobId, tenantId, attempt: 2 });
  expect(outcome).toEqual({
    kind: 'succeeded',
    result: { kind: 'json', json: '{"status":200,"body":{"done":[1]}}' },
  });
  const [call] = received;
  expect(call).toMatchObject({ method: 'POST', body: '{"n":1}' });
  expect(call!.headers).toMatchObject({
    'webhook-id': jobId,
    'content-type': 'application/json',
    'baton-attempt': '2',
    traceparent: expect.stringMatching(/^00-/),
  });
  const verifier = new Webhook(httpSigningKey(masterKey, tenantId).secret);
  expect(verifier.verify(call!.body, call!.headers as Record<string, string>)).toEqual({ n: 1 });
  const stranger = new Webhook(httpSigningKey(masterKey, randomUUID()).secret);
  expect(() => stranger.verify(call!.body, call!.headers as Record<string, string>)).toThrow();
});

it('takes text and nothing as they are, and other types as files', async () => {
  const text = answer('/text', 200, { 'content-type': 'text/plain' }, 'hello');
  expect(await jobs.run('http', { url: text, method: 'GET' })).toMatchObject({
    result: { json: '{"status":200,"body":"hello"}' },
  });
  expect(received[0]).toMatchObject({ method: 'GET', body: '' });
  const nothing = answer('/nothing', 204);
  expect(await jobs.run('http', { url: nothing })).toMatchObject({
    result: { json: '{"status":204,"body":null}' },
  });
  const picture = answer('/picture', 200, { 'content-type': 'image/png' }, 'png');
  expect(await jobs.run('http', { url: picture })).toMatchObject({
    result: { kind: 'file', mediaType: 'image/png', size: 3 },
  });
});

it('tries again what may pass, when the receiver says, and gives up what may not', async () => {
  const busy = await jobs.run('http', { url: answer('/busy', 429, { 'retry-after': '60' }) });
  expect(busy).toMatchObject({ kind: 'failed', error: { retryable: true } });
  const { retryAtMs } = busy as { retryAtMs: number };
  expect(Math.abs(retryAtMs - Date.now() - 60_000)).toBeLessThan(5_000);
  const broken = await jobs.run('http', { url: answer('/broken', 500, {}, 'oh dear') });
  expect(broken).toMatchObject({
    kind: 'failed',
    error: { retryable: true, message: 'the receiver answered 500: oh dear' },
  });
  expect(broken).not.toHaveProperty('retryAtMs');
  answer('/elsewhere', 200);
  for (const url of [answer('/gone', 410), answer('/moved', 302, { location: `${origin}/elsewhere` })])
    expect(await jobs.run('http', { url })).toMatchObject({ error: { code: 'handler_fatal' } });
  expect(received.map(({ method }) => method)).toHaveLength(4); // no redirect was followed
  const large = 'x'.repeat(limits.postgresFileBytes + 1);
  const tooMuch = answer('/large', 200, { 'content-type': 'text/plain' }, large);
  expect(await jobs.run('http', { url: tooMuch })).toMatchObject({
    error: { code: 'handler_fatal', message: expect.stringMatching(/more than 8388608 bytes/) },
  });
  const lie = answer('/lie', 200, { 'content-type': 'application/json' }, '{');
  expect(await jobs.run('http', { url: lie })).toMatchObject({ error: { code: 'handler_fatal' } });
});

it('lets go when its time is over', async () => {
  answers.set('/slow', () => undefined);
  const job = jobs.start('http', { url: `${origin}/slow` });
  while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  job.abort(new AttemptTimeoutError(1_000));
  expect(await job.outcome).toMatchObject({ kind: 'failed', error: { code: 'timeout' } });
});

describe('keeps to public addresses', () => {
  let strict: JobTester;
  beforeAll(async () => {
    const resolve: HttpCallsOptions['resolve'] = (_host, _options, callback) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    strict = await tester({ masterKey, allow: [], resolve });
  });
  afterAll(() => strict.close());

  it.each([
    'http://127.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://2130706433/',
    'https://10.0.0.1/',
    'https://localhost/',
    'http://example.com/',
    'ftp://example.com/',
    'https://user:word@example.com/',
    'nonsense',
  ])('refuses %s for good', async (url) => {
    expect(await strict.run('http', { url })).toMatchObject({
      kind: 'failed',
      error: { code: 'handler_fatal', message: expect.stringMatching(/^the payload's url /) },
    });
  });

  it('does not connect to a name that resolves to a private one, nor says why', async () => {
    const { port } = server.address() as AddressInfo;
    expect(await strict.run('http', { url: `https://rebound.example.com:${port}/` })).toMatchObject({
      error: { code: 'handler_error', retryable: true, message: 'the receiver could not be reached' },
    });
    expect(received).toHaveLength(0);
  });
});

it('says what is missing where there is no key to sign with', async () => {
  const keyless = await tester({ masterKey: undefined, allow });
  expect(await keyless.run('http', { url: answer('/ok', 200) })).toMatchObject({
    error: { code: 'handler_fatal', message: expect.stringContaining('BATON_MASTER_KEY') },
  });
  await keyless.close();
});
