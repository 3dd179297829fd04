import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookEvent } from '@baton/client';
import { Webhook } from 'standardwebhooks';
import { webhookReceiver } from './webhook-receiver.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = JSON.stringify({
  type: 'job.succeeded',
  timestamp: '2026-11-25T20:00:00.000Z',
  data: { id: 'j1', state: 'succeeded' },
});

let server: Server;
let url: string;
let taken: WebhookEvent[];
let failures: number;
/** Holds up who takes the event e. */
let opened: Promise<void>;
let open: () => void;
beforeAll(async () => {
  const take = async (event: WebhookEvent): Promise<void> => {
    if (event.id === 'e') await opened;
    if (failures-- > 0) throw new Error('the shop is closed');
    taken.push(event);
  };
  server = createServer(webhookReceiver({ secret, take })).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/baton`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  opened = new Promise((resolve) => (open = resolve));
  taken = [];
  failures = 0;
});

/** As any sender of Standard Webhooks does. @returns the answer's status */
async function send(id: string, sent = body, key = secret): Promise<number> {
  const at = new Date();
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(key).sign(id, at, body),
  };
  return (await fetch(url, { method: 'POST', headers, body: sent })).status;
}

test('takes an event once, however often it comes', async () => {
  expect([await send('a'), await send('a')]).toEqual([204, 204]);
  expect(taken).toMatchObject([{ id: 'a', type: 'job.succeeded', data: { id: 'j1' } }]);
});

test('takes an event once, though it comes again while it is being taken', async () => {
  let come = 0;
  server.on('request', () => come++);
  const sent = Array.from({ length: 5 }, () => send('e'));
  while (come < 5) await new Promise((resolve) => setImmediate(resolve));
  await send('f'); // by then all are verified
  open();
  expect(await Promise.all(sent)).toEqual([204, 204, 204, 204, 204]);
  expect(taken.map(({ id }) => id).toSorted()).toEqual(['e', 'f']);
});

test('asks for what it could not take to be sent again', async () => {
  failures = 1;
  expect([await send('b'), await send('b')]).toEqual([500, 204]);
  expect(taken).toHaveLength(1);
});

test('believes neither another secret nor a body that was changed', async () => {
  expect(await send('c', body, `whsec_${Buffer.alloc(32, 8).toString('base64')}`)).toBe(401);
  expect(await send('d', body.replace('j1', 'j2'))).toBe(401);
  expect(taken).toEqual([]);
});
