import { Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { testService } from '../testing/test-service.js';
import { newApiKey } from './api-key.js';
import { AuthModule } from './auth.module.js';
import { Authenticator, type AuthOptions } from './authenticator.js';
import type { Caller } from './caller.js';
import { deriveJobTokenKey, signJobToken } from './job-token.js';
import type { FoundKey } from './key-lookup.js';
import { JobTokenAllowed, Principal, Public, Scopes } from './route-access.js';

@Controller('jobs')
class Jobs {
  @Post()
  @Scopes('jobs:write')
  accept(@Principal() caller: Caller): Caller {
    return caller;
  }

  @Get(':id')
  @Scopes('jobs:read')
  @JobTokenAllowed({ cookie: 'baton_stream' })
  read(@Principal() caller: Caller, @Param('id') _id: string): Caller {
    return caller;
  }

  @Get()
  @Public()
  open(): string {
    return 'open';
  }
}

const jobTokenKey = deriveJobTokenKey(Buffer.alloc(32, 1));
const { key, hash } = newApiKey();
const found: FoundKey = { keyId: 'k1', tenantId: 't1', tenantName: 'acme', scopes: ['jobs:write'] };
const job = { jobId: 'job-1', tenantId: 't1' };

let app: NestFastifyApplication;
let lookups = 0;

async function start(options: Partial<AuthOptions> = {}): Promise<void> {
  lookups = 0;
  const findByHash = async (asked: Buffer) => {
    lookups += 1;
    return asked.equals(hash) ? found : undefined;
  };
  const auth: AuthOptions = { mode: 'keys', lookup: { findByHash }, jobTokenKey, ...options };
  @Module({ imports: [AuthModule.forRoot({ useFactory: () => auth })], controllers: [Jobs] })
  class App {}
  ({ app } = await testService(App));
}
afterEach(() => app.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const post = (headers: Record<string, string> = {}) => app.inject({ method: 'POST', url: '/jobs', headers });
const read = (headers: Record<string, string>, url = '/jobs/job-1') => app.inject({ url, headers });

test('a good key with the scope is let in, and is looked up once however often it comes', async () => {
  await start();
  const answers = await Promise.all([post(bearer(key)), post(bearer(key)), post(bearer(key))]);
  await post(bearer(key));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
  expect(answers[0]?.json()).toEqual({ kind: 'key', ...found });
  expect(lookups).toBe(1);
});

test.each([
  ['no header', {}, /Authorization header is missing/],
  ['another scheme', { authorization: 'Basic abc' }, /not "Bearer <API key>"/],
  ['an unknown key', bearer(newApiKey().key), /no such API key/],
  ['no key at all', bearer('hello'), /neither an API key/],
])('%s is unauthenticated', async (_name, headers, detail) => {
  await start();
  const answer = await post(headers);
  expect(answer.statusCode).toBe(401);
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="baton"');
  expect(answer.json()).toMatchObject({ code: 'unauthenticated', detail: expect.stringMatching(detail) });
});

test('a key in the query string is not seen', async () => {
  await start();
  expect(
    (await app.inject({ method: 'POST', url: `/jobs?access_token=${key}&token=${key}` })).statusCode,
  ).toBe(401);
});

test('a missing scope is named', async () => {
  await start();
  expect((await read(bearer(key))).json()).toMatchObject({
    status: 403,
    code: 'scope_missing',
    detail: 'this needs the scope jobs:read; the API key has jobs:write',
  });
});

test('a disabled key is refused as such', async () => {
  await start({ lookup: { findByHash: async () => ({ ...found, disabled: true }) } });
  expect((await post(bearer(key))).json()).toMatchObject({ status: 401, detail: 'this API key is disabled' });
});

test('a failing look-up is unavailable, and is not remembered', async () => {
  let broken = true;
  await start({
    lookup: {
      findByHash: async () => {
        if (broken) throw new Error('connection refused');
        return found;
      },
    },
  });
  const answer = await post(bearer(key));
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('1');
  expect(answer.body).not.toContain('refused');
  broken = false;
  expect((await post(bearer(key))).statusCode).toBe(201);
});

test('a limited key is told when to come again', async () => {
  await start({
    lookup: { findByHash: async () => ({ ...found, rateLimit: { limit: 5, perMs: 1_000 } }) },
    rateLimiter: { take: async () => 0.4 },
  });
  const answer = await post(bearer(key));
  expect(answer.statusCode).toBe(429);
  expect(answer.headers['retry-after']).toBe('1');
  expect(answer.json()).toMatchObject({ code: 'rate_limited' });
});

test('a public route asks for nothing', async () => {
  await start();
  expect((await app.inject({ url: '/jobs' })).body).toBe('open');
});

test('a job token reads its job, from the header or the cookie of the route', async () => {
  await start();
  const token = signJobToken(jobTokenKey, job);
  const expiresAtMs = expect.any(Number) as number;
  const caller = { kind: 'job', ...job, expiresAtMs, scopes: [] };
  expect((await read(bearer(token))).json()).toEqual(caller);
  expect((await read({ cookie: `a=b; baton_stream=${token}` })).json()).toEqual(caller);
});

test.each([
  ['of another job', () => signJobToken(jobTokenKey, { ...job, jobId: 'job-2' }), /is of another job/],
  ['that expired', () => signJobToken(jobTokenKey, job, Date.now() - 15 * 60_000), /expired at 20/],
  ['of another key', () => signJobToken(deriveJobTokenKey(Buffer.alloc(32, 2)), job), /unknown key/],
  ['that was changed', () => `${signJobToken(jobTokenKey, job).slice(0, -4)}AAAA`, /wrong signature/],
  ['that is cut', () => signJobToken(jobTokenKey, job).split('.').slice(0, 2).join('.'), /three parts/],
])('a job token %s is unauthenticated', async (_name, token, detail) => {
  await start();
  const answer = await read(bearer(token()));
  expect(answer.statusCode).toBe(401);
  expect(answer.json()).toMatchObject({ code: 'unauthenticated', detail: expect.stringMatching(detail) });
});

test('a job token is refused where the route does not take any', async () => {
  await start();
  expect((await post(bearer(signJobToken(jobTokenKey, job)))).json()).toMatchObject({
    status: 401,
    detail: 'this route takes an API key, not a job token',
  });
});

test('AUTH=off makes everyone the default tenant', async () => {
  await start({ mode: 'off', defaultTenant: async () => ({ tenantId: 't0', tenantName: 'default' }) });
  const caller = (await post()).json<{ scopes: string[] }>();
  expect(caller).toMatchObject({ kind: 'key', tenantId: 't0', tenantName: 'default' });
  expect(caller.scopes).toContain('tenants:admin');
  // A WebSocket's first message may say anything then, too.
  expect(await app.get(Authenticator).authenticateToken('none')).toMatchObject({ tenantId: 't0' });
  expect(lookups).toBe(0);
});
