import { Counter, Registry } from 'prom-client';

import { addProcessMetrics, startMetricsServer, type MetricsServer } from './metrics-server.js';

const registry = new Registry();
let server: MetricsServer;
const errors: unknown[] = [];

beforeAll(async () => {
  new Counter({ name: 'baton_test_total', help: 'for the test', registers: [registry] }).inc(3);
  addProcessMetrics(registry);
  addProcessMetrics(registry);
  server = await startMetricsServer(registry, 0, {
    host: '127.0.0.1',
    onError: (error) => errors.push(error),
  });
});
afterAll(() => server.close());

const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);

test("serves the registry and the process's own metrics as text", async () => {
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain');
  const text = await response.text();
  expect(text).toContain('baton_test_total 3');
  expect(text).toContain('process_resident_memory_bytes');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
});

test('serves nothing else', async () => {
  expect((await get('/')).status).toBe(404);
});

test('a metric that cannot be collected is told, not fatal', async () => {
  const broken = new Registry();
  broken.registerMetric(
    new Counter({
      name: 'broken',
      help: 'x',
      registers: [],
      collect: () => {
        throw new Error('no');
      },
    }),
  );
  const other = await startMetricsServer(broken, 0, {
    host: '127.0.0.1',
    onError: (error) => errors.push(error),
  });
  expect((await fetch(`http://127.0.0.1:${other.port}/metrics`)).status).toBe(500);
  expect(errors).toHaveLength(1);
  await other.close();
});
