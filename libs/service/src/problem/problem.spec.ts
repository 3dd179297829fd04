import { Body, Controller, Get, HttpException, Module, Param, Post, Query } from '@nestjs/common';
import { BatonError } from '@baton/contracts';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';

import { testService, type TestService } from '../testing/test-service.js';

const Job = z.strictObject({
  queue: z.string().regex(/^[a-z]+$/, 'must be lower-case letters'),
  priority: z.enum(['high', 'low']).optional(),
  webhook: z
    .union([
      z.strictObject({ url: z.string(), secret: z.string().min(8).optional() }),
      z.strictObject({ endpoint: z.string() }),
    ])
    .optional(),
});
const Limit = z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) });

@Controller()
class Routes {
  @Post('jobs')
  accept(@Body({ schema: Job }) job: unknown): unknown {
    return job;
  }

  @Get('jobs')
  list(@Query({ schema: Limit }) query: unknown): unknown {
    return query;
  }

  @Get('jobs/:id')
  read(@Param('id', { schema: z.uuid() }) id: string): string {
    return id;
  }

  @Get('backlogged')
  backlogged(): never {
    throw new BatonError('queue_backlogged', 'queue "mail" holds 1000000 jobs', { retryAfterSeconds: 2.4 });
  }

  @Get('broken')
  broken(): never {
    throw new TypeError('password is hunter2');
  }

  @Get('gone')
  gone(): never {
    throw new HttpException('nothing of this kind', 404);
  }
}

@Module({ controllers: [Routes] })
class RoutesModule {}

let service: TestService;
let app: NestFastifyApplication;

beforeAll(async () => {
  service = await testService(RoutesModule, {
    allowedOrigins: ['https://app.example.com'],
    configure: (created) => {
      const fastify = created.getHttpAdapter().getInstance();
      const schema = { body: { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } } };
      fastify.post('/raw', { schema, bodyLimit: 64 }, () => ({ ok: true }));
    },
  });
  app = service.app;
});
afterAll(() => app.close());

type Injected = Parameters<NestFastifyApplication['inject']>[0];

async function problemOf(request: Exclude<Injected, string>): Promise<Record<string, unknown>> {
  const response = await app.inject(request);
  expect(response.headers['content-type']).toBe('application/problem+json');
  const problem = response.json<Record<string, unknown>>();
  expect(problem).toMatchObject({
    status: response.statusCode,
    type: `urn:baton:error:${String(problem.code)}`,
  });
  expect(problem.title).toEqual(expect.any(String));
  return problem;
}

const json = { 'content-type': 'application/json' };

test('a fault in a field says where, what and what is allowed', async () => {
  const payload = { queue: 'Mail', priority: 'urgent', colour: 'red' };
  expect(await problemOf({ method: 'POST', url: '/jobs?x=secret', payload })).toMatchObject({
    status: 400,
    code: 'invalid_request',
    retryable: false,
    instance: '/jobs',
    detail: 'queue: must be lower-case letters, got "Mail" (and 2 more: see errors)',
    errors: [
      { path: 'queue', message: 'must be lower-case letters, got "Mail"' },
      { path: 'priority', message: 'Invalid option: expected one of "high"|"low", got "urgent"' },
      { path: 'colour', message: 'unknown field "colour"; allowed: queue, priority, webhook' },
    ],
  });
});

test('a fault within a union is told of the branch that was meant, secrets unshown', async () => {
  const payload = { queue: 'mail', webhook: { url: 'http://x', secret: 'short' } };
  expect((await problemOf({ method: 'POST', url: '/jobs', payload })).errors).toEqual([
    { path: 'webhook.secret', message: expect.stringMatching(/>=8 characters, got \*\*\*$/) },
  ]);
});

test.each([
  ['a missing body', undefined, [{ path: 'body', message: 'is missing' }]],
  ['a missing field', {}, [{ path: 'queue', message: 'is missing' }]],
  [
    'a body of another kind',
    [],
    [{ path: 'body', message: 'Invalid input: expected object, got an array of 0' }],
  ],
])('%s', async (_name, payload, errors) => {
  const request = payload === undefined ? { headers: json } : { payload };
  expect(await problemOf({ method: 'POST', url: '/jobs', ...request })).toMatchObject({
    code: 'invalid_request',
    errors,
  });
});

test('a fault in a parameter names the parameter', async () => {
  expect((await problemOf({ url: '/jobs/7' })).errors).toEqual([
    { path: 'id', message: 'Invalid UUID, got "7"' },
  ]);
  expect((await problemOf({ url: '/jobs?limit=900' })).errors).toEqual([
    { path: 'limit', message: 'Too big: expected number to be <=200, got "900"' },
  ]);
});

test('a schema transforms: defaults and coercion', async () => {
  expect((await app.inject({ url: '/jobs' })).json()).toEqual({ limit: 50 });
  expect((await app.inject({ url: '/jobs?limit=7' })).json()).toEqual({ limit: 7 });
});

test('broken JSON says where it breaks', async () => {
  const problem = await problemOf({
    method: 'POST',
    url: '/jobs',
    headers: json,
    payload: '{"queue": nope}',
  });
  expect(problem).toMatchObject({
    status: 400,
    code: 'invalid_json',
    detail: expect.stringContaining('{"queue": nope}'),
  });
});

test('keys that poison prototypes are refused', async () => {
  const problem = await problemOf({
    method: 'POST',
    url: '/jobs',
    headers: json,
    payload: '{"__proto__": {"a": 1}}',
  });
  expect(problem).toMatchObject({ code: 'invalid_json', detail: expect.stringContaining('__proto__') });
});

test('a body over the limit is 413 and points to uploads', async () => {
  const payload = { queue: 'x'.repeat(1_100_000) };
  expect(await problemOf({ method: 'POST', url: '/jobs', payload })).toMatchObject({
    status: 413,
    code: 'payload_too_large',
    detail: expect.stringMatching(/larger than 1048576 bytes.*upload/),
  });
});

test.each(['application/x-www-form-urlencoded', 'text/plain', 'nonsense'])(
  'the content type %s is 415',
  async (type) => {
    const problem = await problemOf({
      method: 'POST',
      url: '/jobs',
      headers: { 'content-type': type },
      payload: 'queue=mail',
    });
    expect(problem).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
      detail: expect.stringContaining(type),
    });
  },
);

test('an unknown route and an undecodable URL', async () => {
  expect(await problemOf({ method: 'POST', url: '/nope?sig=secret' })).toMatchObject({
    status: 404,
    code: 'not_found',
    detail: 'there is no route POST /nope',
    instance: '/nope',
  });
  expect(await problemOf({ url: '/%zz' })).toMatchObject({ status: 400, code: 'invalid_request' });
});

test('an HttpException keeps its words', async () => {
  expect(await problemOf({ url: '/gone' })).toMatchObject({
    code: 'not_found',
    detail: 'nothing of this kind',
  });
});

test("a raw route's own schema answers alike", async () => {
  const payload = { a: 'x' };
  expect(await problemOf({ method: 'POST', url: '/raw', payload })).toMatchObject({
    code: 'invalid_request',
    errors: [{ path: 'a', message: 'must be integer' }],
  });
  expect(await problemOf({ method: 'POST', url: '/raw', payload: { a: 'x'.repeat(80) } })).toMatchObject({
    code: 'payload_too_large',
    detail: expect.stringContaining('larger than 64 bytes'),
  });
});

test('Retry-After is told in whole seconds', async () => {
  const response = await app.inject({ url: '/backlogged' });
  expect(response.statusCode).toBe(429);
  expect(response.headers['retry-after']).toBe('3');
  expect(response.json()).toMatchObject({
    code: 'queue_backlogged',
    retryable: true,
    detail: 'queue "mail" holds 1000000 jobs',
  });
});

test('an unknown error is internal, tells nothing, and is logged with its stack', async () => {
  service.lines.length = 0;
  const problem = await problemOf({
    url: '/broken',
    headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  });
  expect(problem).toMatchObject({ status: 500, code: 'internal', trace_id: 'a'.repeat(32) });
  expect(JSON.stringify(problem)).not.toContain('hunter2');
  const logged = service.lines.find(({ msg }) => msg === 'request failed');
  expect(logged).toMatchObject({
    level: 'error',
    path: '/broken',
    err: { type: 'TypeError', message: 'password is hunter2' },
  });
  expect(service.lines).toContainEqual(
    expect.objectContaining({ level: 'info', msg: 'request', status: 500 }),
  );
});

test('a page of a foreign origin is refused, an allowed one and the own are served', async () => {
  const from = (origin: string) =>
    app.inject({ url: '/jobs', headers: { origin, host: 'baton.example:3000' } });
  expect((await from('https://evil.example')).json()).toMatchObject({
    code: 'unauthenticated',
    detail: expect.stringContaining('evil'),
  });
  const allowed = await from('https://app.example.com');
  expect(allowed.statusCode).toBe(200);
  expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example.com');
  expect((await from('http://baton.example:3000')).statusCode).toBe(200);
});
