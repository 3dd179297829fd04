import { TestProducer } from './testing/test-producer.js';

describe('the producer', () => {
  let producer: TestProducer;
  beforeAll(async () => {
    producer = await TestProducer.start();
  });
  afterAll(() => producer.close());

  it('describes its routes by the schemas that validate them', async () => {
    const document = (await producer.call('GET', '/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, { security: unknown; requestBody?: unknown }>>;
      components: { schemas: Record<string, { properties: object; additionalProperties?: boolean }> };
    }>();
    expect(document.openapi).toMatch(/^3\.1/);
    const routes = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(routes).toEqual(
      expect.arrayContaining([
        'post /v1/jobs',
        'post /v1/jobs/batch',
        'get /v1/jobs',
        'get /v1/jobs/{id}',
        'get /v1/queues',
        'get /v1/queues/{name}',
        'put /v1/queues/{name}',
        'patch /v1/queues/{name}',
        'get /v1/keys',
        'post /v1/keys',
        'delete /v1/keys/{id}',
        'get /v1/tenants',
        'post /v1/tenants',
      ]),
    );
    expect(document.paths['/v1/jobs']?.['post']).toMatchObject({
      security: [{ apiKey: ['jobs:write'] }],
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/JobInput' } } } },
    });
    const input = document.components.schemas['JobInput'];
    expect(input?.additionalProperties).toBe(false);
    expect(Object.keys(input?.properties ?? {})).toEqual([
      'queue',
      'payload',
      'orderingKey',
      'concurrencyKey',
      'priority',
      'runAt',
      'delay',
      'maxAttempts',
      'backoff',
      'timeout',
      'expectWithin',
      'metadata',
      'unique',
      'webhook',
      'delivery',
      'dependsOn',
    ]);
  });

  it('names PostgreSQL in its readiness', async () => {
    const answer = await producer.call('GET', '/readyz');
    expect([answer.statusCode, answer.json<unknown>()]).toMatchObject([
      200,
      { checks: { postgresql: { ok: true } } },
    ]);
  });

  it('is closed to those without a key', async () => {
    for (const path of ['/v1/jobs', '/v1/queues', '/v1/keys', '/v1/tenants']) {
      expect((await producer.call('GET', path)).statusCode).toBe(401);
    }
  });
});

it('gives everyone one tenant where AUTH is off', async () => {
  const producer = await TestProducer.start({ auth: 'off' });
  await producer.call('PUT', '/v1/queues/q', { body: {} });
  const { id } = (await producer.call('POST', '/v1/jobs', { body: { queue: 'q' } })).json<{ id: string }>();
  expect((await producer.call('GET', `/v1/jobs/${id}`)).statusCode).toBe(200);
  expect((await producer.call('GET', '/v1/tenants')).json()).toMatchObject({ items: [{ name: 'default' }] });
  await producer.close();
});
