import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { ChildService } from '../testing/child-service.js';

const script = new URL('../testing/stopping-service.ts', import.meta.url);

let service: ChildService;
function start(environment: Record<string, string> = {}): ChildService {
  service = new ChildService(script, { PORT: '0', ...environment });
  return service;
}
afterEach(() => service.kill());

const readyLine = 'stopping is ready';
const urlOf = async () => String((await service.line(readyLine)).url);

test('SIGTERM: not ready, a pause, no new connections, drains in order, open requests answered, exit 0', async () => {
  start({ READY_DRAIN_MS: '400ms' });
  const url = await urlOf();
  const held = fetch(`${url}/hold`);
  await service.line('holding');

  service.signal('SIGTERM');
  await service.line('SIGTERM: stopping');
  const ready = await fetch(`${url}/readyz`); // Within the pause it still answers.
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ status: 'draining' });

  const answer = await held;
  expect([answer.status, await answer.text()]).toEqual([200, 'released']);
  expect(answer.headers.get('connection')).toBe('close');

  expect(await service.exitCode()).toBe(0);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  expect(service.lines.map(({ msg }) => msg)).toEqual([
    readyLine,
    'holding',
    'SIGTERM: stopping',
    'drained held',
    'drained open requests',
    'drained buffer',
    'Nest closed',
    'drained application',
    'drained traces',
    'stopped',
  ]);
});

test('a second signal does not wait', async () => {
  start({ STUCK: '1' });
  await service.line(readyLine);
  service.signal('SIGINT');
  await service.line('SIGINT: stopping');
  service.signal('SIGTERM');
  expect(await service.exitCode()).toBe(1);
  expect(service.lines.at(-1)).toMatchObject({
    level: 'fatal',
    msg: 'SIGTERM again: stopping without waiting',
  });
});

test('an exception that nobody caught ends the process', async () => {
  start();
  const url = await urlOf();
  await Promise.allSettled([fetch(`${url}/crash`)]);
  expect(await service.exitCode()).toBe(1);
  expect(service.lines.at(-1)).toMatchObject({
    level: 'fatal',
    msg: 'uncaught exception',
    err: { message: 'nobody caught this', stack: expect.stringContaining('stopping-service') },
  });
});

test('a wrong environment is told in words, without a stack', async () => {
  start({ PORT: 'http', STUCK: 'maybe' });
  expect(await service.exitCode()).toBe(1);
  expect(service.stderr).toBe(
    'stopping cannot start: 2 environment variables are wrong:\n' +
      '  PORT="http" is not valid; allowed: an integer from 0 to 65535\n' +
      '  STUCK="maybe" is not valid; allowed: 1, true, on, 0, false or off\n',
  );
});

test('a taken port is told in one line', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  start({ PORT: String(port) });
  expect(await service.exitCode()).toBe(1);
  expect(service.stderr).toBe(
    `stopping cannot start: port ${port} is taken by another process; set PORT or METRICS_PORT to a free one\n`,
  );
  expect(service.lines).toEqual([]);
  await new Promise((resolve) => other.close(resolve));
});

test('metrics are served on their own port only', async () => {
  start({ METRICS_PORT: '0' });
  const { url, metricsPort } = await service.line(readyLine);
  await (await fetch(`${String(url)}/healthz`)).text();
  const metrics = await (await fetch(`http://127.0.0.1:${Number(metricsPort)}/metrics`)).text();
  expect(metrics).toContain('http_route="/healthz"');
  expect((await fetch(`${String(url)}/metrics`)).status).toBe(404);
});
