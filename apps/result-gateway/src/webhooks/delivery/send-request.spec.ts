import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { addressGuard } from '@baton/service/egress';
import { guardedAgent, type ResolveAll } from '@baton/service/egress-agent';
import { TestReceiver } from '../../testing/webhooks/receiver.js';
import { sendRequest } from './send-request.js';

const guard = addressGuard([{ address: '127.0.0.0', prefix: 8, family: 'ipv4' }]);
const none = new AbortController().signal;
const options = { headers: { 'content-type': 'application/json' }, body: '{}', signal: none };

async function rawServer(onSocket: (socket: Socket) => void): Promise<{ server: Server; url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the sender cuts it
    onSocket(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

it('gives up on a head that never comes to its end', async () => {
  const { server, url } = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 50);
    socket.on('close', () => clearInterval(drip));
  });
  const agent = guardedAgent(guard);
  const sent = await sendRequest(agent, url, { ...options, timeoutMs: 400 });
  expect(sent).toMatchObject({ answer: { fault: 'timeout' }, error: 'no answer within 0.4 s' });
  await agent.destroy();
  server.close();
});

it('says the same of a connection that breaks, a port that is closed and an address that is refused', async () => {
  const { server, url } = await rawServer((socket) => socket.destroy());
  const agent = guardedAgent(guard);
  const said = {
    answer: { fault: 'unreachable' },
    error: 'the receiver could not be reached',
    headers: null,
  };
  expect(await sendRequest(agent, url, options)).toMatchObject(said);
  server.close();
  await once(server, 'close');
  for (const target of [url, 'http://10.0.0.1/', 'http://[::1]/', 'http://[::ffff:10.0.0.1]/'])
    expect(await sendRequest(agent, target, options)).toMatchObject(said);
  await agent.destroy();
});

it('connects to the addresses it judged: a name that changes its mind is not asked again', async () => {
  const receiver = await TestReceiver.start();
  const port = new URL(receiver.url()).port;
  let asked = 0;
  const flipping: ResolveAll = (_host, _options, callback) =>
    callback(null, [{ address: ++asked % 2 === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
  const agent = guardedAgent(guard, { resolve: flipping });
  expect(await sendRequest(agent, `http://rebind.test:${port}/`, options)).toMatchObject({
    answer: { status: 204 },
  });
  expect(asked).toBe(1);
  await agent.destroy();
  const again = guardedAgent(guard, { resolve: flipping });
  expect(await sendRequest(again, `http://rebind.test:${port}/`, options)).toMatchObject({
    answer: { fault: 'unreachable' },
  });
  expect(receiver.received).toHaveLength(1);
  await again.destroy();
  await receiver.close();
});
