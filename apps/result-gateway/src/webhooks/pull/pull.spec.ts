import { type SeededTenant, seedTenant } from '@baton/persistence/testing';
import { Webhook } from 'standardwebhooks';
import { endJob, eventually, seedToldJob } from '../../testing/webhooks/end-job.js';
import { TestReceiver } from '../../testing/webhooks/receiver.js';
import { TestGateway } from '../../testing/webhooks/test-gateway.js';
import { HeldTakes } from './held-takes.js';

interface Taken {
  id: string;
  claim: string;
  webhookId: string;
  attempt: number;
  headers: Record<string, string>;
  body: string;
}

let gateway: TestGateway;
let tenant: SeededTenant;
let key: string;
let secret: string;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  tenant = await seedTenant(gateway.test.database);
  key = await gateway.key(tenant.tenantId);
  secret = await put('mine', 'pull:');
});

async function put(name: string, url: string): Promise<string> {
  const body = { url, tiers: false, schedule: ['0s', '5s', '5s'] };
  return (await gateway.call<{ secret: string }>('PUT', `/v1/webhooks/${name}`, { key, body })).body.secret;
}
async function take(waitSeconds = 0, from = gateway): Promise<Taken[]> {
  const answer = await fetch(`${from.url}/v1/webhooks/mine/take`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(waitSeconds > 0 && { prefer: `wait=${waitSeconds}` }),
    },
    body: '{}',
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: Taken[] }).items;
}
const answer = (taken: Taken, said: object, from = gateway) =>
  from.call('POST', `/v1/webhooks/mine/taken/${taken.id}`, {
    key,
    body: { claim: taken.claim, url: 'http://localhost:3000/hook', ...said },
  });
async function tell(endpoint = 'mine'): Promise<string> {
  const id = await seedToldJob(gateway.test, tenant, { webhook: { endpoint } });
  await endJob(gateway.test, tenant);
  return id;
}
async function history(): Promise<{ state: string; attempts: object[] }[]> {
  const path = '/v1/webhooks/mine/deliveries';
  return (await gateway.call<{ items: { state: string; attempts: object[] }[] }>('GET', path, { key })).body
    .items;
}

it('is taken, signed, and keeps in its history what the receiver answered', async () => {
  const id = await tell();
  const [taken] = await take();
  expect(new Webhook(secret).verify(taken!.body, taken!.headers)).toMatchObject({
    type: 'job.succeeded',
    data: { id },
  });
  expect(taken).toMatchObject({ attempt: 1, webhookId: taken!.headers['webhook-id'] });
  expect(taken!.headers['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
  expect(await take()).toEqual([]);
  const said = await answer(taken!, { status: 204, headers: { Server: 'mine' }, headMs: 3, totalMs: 4 });
  expect(said).toEqual({ status: 200, body: { outcome: 'delivered', state: 'delivered' } });
  expect(await history()).toMatchObject([
    {
      state: 'delivered',
      attempts: [
        {
          status: 204,
          request: { url: 'http://localhost:3000/hook', headers: { 'webhook-id': taken!.webhookId } },
          response: { headers: { server: 'mine' } },
          timings: { headMs: 3, totalMs: 4 },
        },
      ],
    },
  ]);
});

it('is recorded whatever the receiver has answered: what is kept of it is text that can be', async () => {
  await tell();
  const [taken] = await take();
  const headers = { 'x-cut': `${'a'.repeat(255)}😀`, 'x-odd': 'a\0b\ud800' };
  expect((await answer(taken!, { status: 204, headers })).status).toBe(200);
  const kept = { headers: { 'x-cut': `${'a'.repeat(255)}\ufffd`, 'x-odd': 'a b\ufffd' } };
  expect(await history()).toMatchObject([{ state: 'delivered', attempts: [{ response: kept }] }]);
});

it('is never called by the gateway itself, which goes on with the others', async () => {
  const receiver = await TestReceiver.start();
  await put('other', receiver.url('/other'));
  await tell();
  await tell('other');
  await receiver.until('/other');
  expect(await history()).toMatchObject([{ state: 'pending', attempts: [] }]);
  await receiver.close();
});

it('comes again after a failure, under its id, signed anew, from whichever gateway is asked', async () => {
  const other = await TestGateway.start({ test: gateway.test }, gateway.masterKey);
  await tell();
  const [first] = await take();
  expect((await answer(first!, { status: 500 }, other)).body).toMatchObject({
    outcome: 'failed',
    state: 'pending',
  });
  expect(await take()).toEqual([]);
  await gateway.test.shiftClock(6_000);
  const [second] = await take(0, other);
  expect(second).toMatchObject({ webhookId: first!.webhookId, attempt: 2, body: first!.body });
  new Webhook(secret).verify(second!.body, second!.headers);
  expect((await answer(second!, { fault: 'unreachable' })).body).toMatchObject({ outcome: 'unreachable' });
  await gateway.test.shiftClock(6_000);
  const [third] = await take();
  expect((await answer(third!, { fault: 'timeout' })).body).toEqual({ outcome: 'timeout', state: 'dead' });
  expect(await history()).toMatchObject([{ state: 'dead', reason: 'its 3 tries are used up' }]);
  await other.app.close();
});

it('is taken again when who took it says nothing, and the late word is refused', async () => {
  await tell();
  const [lost] = await take();
  await gateway.test.shiftClock(31_000);
  const [again] = await take();
  expect(again!.webhookId).toBe(lost!.webhookId);
  expect(await answer(lost!, { status: 204 })).toMatchObject({
    status: 409,
    body: { code: 'state_conflict', detail: expect.stringContaining('not yours any more') },
  });
  expect((await answer(again!, { status: 204 })).status).toBe(200);
});

it('holds the request until there is something to take, and gives back what nobody waits for any more', async () => {
  const held = take(30);
  await tell();
  const [taken] = await held;
  expect(taken).toBeDefined();
  await answer(taken!, { status: 204 });

  const gone = new AbortController();
  const leaving = fetch(`${gateway.url}/v1/webhooks/mine/take`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', prefer: 'wait=30' },
    body: '{}',
    signal: gone.signal,
  });
  gone.abort();
  await expect(leaving).rejects.toThrow();
  await tell();
  await eventually(take, (items) => items.length === 1);
});

it('lets held requests go when the gateway stops', async () => {
  const other = await TestGateway.start({ test: gateway.test }, gateway.masterKey);
  const held = take(60, other);
  other.app.get(HeldTakes).drain();
  expect(await held).toEqual([]);
  await other.app.close();
});

it('is only for endpoints that are not called, of the tenant, and for answers that make sense', async () => {
  await put('called', 'http://127.0.0.1:9/');
  const post = (path: string, body: object, by = key) =>
    gateway.call('POST', `/v1/webhooks/${path}`, { key: by, body });
  expect(await post('called/take', {})).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('"pull:"') },
  });
  const foreign = await gateway.key((await seedTenant(gateway.test.database)).tenantId);
  expect((await post('mine/take', {}, foreign)).status).toBe(404);
  expect((await post('mine/take', { limit: 1_000 })).status).toBe(400);
  await tell();
  const [taken] = await take();
  expect((await answer(taken!, { status: 200, fault: 'timeout' })).status).toBe(400);
  expect((await answer(taken!, {})).status).toBe(400);
  expect((await answer(taken!, { status: 200, url: 'http://localhost/\0' })).status).toBe(400);
  expect((await answer(taken!, { status: 410 })).body).toEqual({ outcome: 'gone', state: 'dead' });
  expect(await post('mine/take', {})).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('disabled') },
  });
});
