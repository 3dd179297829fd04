import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { testService } from '../testing/test-service.js';
import { HealthRegistry, type HealthReport } from './health-registry.js';

@Module({})
class Empty {}

let app: NestFastifyApplication;
let health: HealthRegistry;

beforeEach(async () => {
  ({ app } = await testService(Empty));
  health = app.get(HealthRegistry);
});
afterEach(() => app.close());

async function ready(): Promise<HealthReport & { code: number }> {
  const response = await app.inject({ url: '/readyz' });
  return { code: response.statusCode, ...response.json<HealthReport>() };
}

test('is alive', async () => {
  const response = await app.inject({ url: '/healthz' });
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ status: 'ok', uptimeSeconds: expect.any(Number) });
});

test('is ready when every required dependency answers, and names each', async () => {
  health.add({ name: 'postgres', check: async () => undefined });
  health.add({
    name: 'redis',
    required: false,
    check: () => Promise.reject(new Error('connection refused')),
  });
  expect(await ready()).toEqual({
    code: 200,
    status: 'ready',
    checks: {
      postgres: { ok: true, required: true, latencyMs: expect.any(Number) },
      redis: { ok: false, required: false, latencyMs: expect.any(Number), why: 'connection refused' },
    },
  });
});

test('is not ready without a required one', async () => {
  health.add({ name: 'kafka', check: () => Promise.reject(new Error('no broker answers')) });
  expect(await ready()).toMatchObject({
    code: 503,
    status: 'not_ready',
    checks: { kafka: { why: 'no broker answers' } },
  });
});

test('gives up on a dependency that does not answer in 2 s', async () => {
  let aborted = false;
  health.add({
    name: 'postgres',
    check: (signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))),
  });
  expect(await ready()).toMatchObject({
    code: 503,
    checks: { postgres: { ok: false, why: 'not done after 2000 ms' } },
  });
  expect(aborted).toBe(true);
});

test('asks a dependency once for requests that come together', async () => {
  let asked = 0;
  health.add({ name: 'postgres', check: async () => void (asked += 1) });
  await Promise.all([ready(), ready(), ready()]);
  await ready();
  expect(asked).toBe(1);
});

test('is not ready while it starts and while it drains', async () => {
  health.starting();
  expect(await ready()).toMatchObject({ code: 503, status: 'starting' });
  health.started();
  expect(await ready()).toMatchObject({ code: 200, status: 'ready' });
  health.draining();
  health.started();
  expect(await ready()).toMatchObject({ code: 503, status: 'draining' });
});

test('refuses two checks of one name', () => {
  health.add({ name: 'postgres', check: async () => undefined });
  expect(() => health.add({ name: 'postgres', check: async () => undefined })).toThrow(
    'two health checks named "postgres"',
  );
});
