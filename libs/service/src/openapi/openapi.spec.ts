import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';

import { JobTokenAllowed, Public, Scopes } from '../auth/route-access.js';
import { testService } from '../testing/test-service.js';
import { setupOpenApi } from './setup-openapi.js';

const Backoff = z.object({ delay: z.number() }).meta({ id: 'Backoff' });
const JobIn = z
  .strictObject({ queue: z.string(), note: z.string().nullable(), backoff: Backoff.optional() })
  .meta({ id: 'JobIn' });
const JobOut = z.object({ id: z.uuid(), at: z.date(), backoff: Backoff }).meta({ id: 'Job' });

@Controller('v1/jobs')
class Jobs {
  @Post()
  @Scopes('jobs:write')
  @ApiOkResponse({ standardSchema: JobOut })
  accept(@Body({ schema: JobIn }) _job: unknown): void {}

  @Get(':id')
  @Scopes('jobs:read')
  @JobTokenAllowed()
  read(
    @Param('id', { schema: z.uuid() }) _id: string,
    @Query({ schema: z.object({ wait: z.coerce.number().optional() }) }) _q: unknown,
  ): void {}

  @Get()
  @Public()
  open(): void {}
}

@Module({ controllers: [Jobs] })
class App {}

interface Document {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      { security: unknown; responses: Record<string, unknown>; parameters?: unknown[]; requestBody?: unknown }
    >
  >;
  components: Record<string, Record<string, Record<string, unknown>>>;
}

let app: NestFastifyApplication;
let document: Document;

beforeAll(async () => {
  ({ app } = await testService(App, {
    configure: (created) =>
      setupOpenApi(created, {
        title: 'Baton',
        version: '1',
        alsoAnswers: { Jobs_read: 'text/event-stream' },
      }),
  }));
  document = (await app.inject({ url: '/openapi.json' })).json();
});
afterAll(() => app.close());

test('is OpenAPI 3.1 from the schemas that validate', () => {
  expect(document.openapi).toBe('3.1.1');
  expect(document.paths['/v1/jobs']?.post?.requestBody).toMatchObject({
    content: { 'application/json': { schema: { $ref: '#/components/schemas/JobIn' } } },
  });
  expect(document.components.schemas?.JobIn).toMatchObject({
    additionalProperties: false,
    required: ['queue', 'note'],
    properties: { note: { type: ['string', 'null'] } },
  });
  expect(document.components.schemas?.Job).toMatchObject({
    properties: { at: { type: 'string', format: 'date-time' } },
  });
});

test('one id that reads differently in and out is two components', () => {
  expect(document.components.schemas?.JobIn?.properties).toMatchObject({
    backoff: { $ref: expect.stringMatching(/\/Backoff/) },
  });
  const [input, output] = ['JobIn', 'Job'].map(
    (name) => (document.components.schemas?.[name]?.properties as { backoff: unknown }).backoff,
  );
  expect(input).not.toEqual(output);
});

test('every operation says its scopes and answers problems by default', () => {
  expect(document.paths['/v1/jobs']?.post?.security).toEqual([{ apiKey: ['jobs:write'] }]);
  expect(document.paths['/v1/jobs/{id}']?.get?.security).toEqual([
    { apiKey: ['jobs:read'] },
    { jobToken: [] },
  ]);
  expect(document.paths['/v1/jobs']?.get?.security).toEqual([]);
  expect(document.paths['/readyz']?.get?.security).toEqual([]);
  for (const operations of Object.values(document.paths)) {
    for (const { responses } of Object.values(operations)) {
      expect(responses.default).toEqual({ $ref: '#/components/responses/Problem' });
    }
  }
  expect(document.components.schemas?.Problem).toMatchObject({
    required: expect.arrayContaining(['code', 'retryable']),
  });
});

test('an operation may answer another media type beside JSON', () => {
  expect(document.paths['/v1/jobs/{id}']?.get?.responses['200']).toMatchObject({
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  });
});

test('every reference leads somewhere, and nothing of OpenAPI 3.0 is left', () => {
  const text = JSON.stringify(document);
  expect(text).not.toContain('"nullable"');
  expect(text).not.toContain('#/$defs');
  const refs = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
  expect(refs.length).toBeGreaterThan(5);
  for (const [, kind = '', name = ''] of refs) expect(document.components[kind]?.[name]).toBeDefined();
});

test('the pages are open', async () => {
  const page = await app.inject({ url: '/docs' });
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain('swagger-ui');
  expect((await app.inject({ url: '/docs/swagger-ui-bundle.js' })).statusCode).toBe(200);
});
