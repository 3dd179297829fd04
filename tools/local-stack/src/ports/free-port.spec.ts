import net from 'node:net';
import { freePort, isPortFree, preferPort } from './free-port.js';

test('a taken port is not free, and not given', async () => {
  const port = await freePort();
  expect(await isPortFree(port)).toBe(true);
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await isPortFree(port)).toBe(false);
  expect(await preferPort(port)).not.toBe(port);
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

test('no port is given out twice', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
});
