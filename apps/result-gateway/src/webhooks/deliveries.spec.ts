import { randomUUID } from 'node:crypto';
import { acknowledge } from '@baton/persistence';
import { type SeededTenant, seedTenant } from '@baton/persistence/testing';
import { secretBox } from '@baton/service';
import { Webhook } from 'standardwebhooks';
import { Deliverer } from './delivery/deliverer.js';
import { endJob, eventually, seedToldJob } from '../testing/webhooks/end-job.js';
import type { TestReceiver } from '../testing/webhooks/receiver.js';
import { TestGateway } from '../testing/webhooks/test-gateway.js';
import { useWebhooks } from '../testing/webhooks/use-webhooks.fixture.js';

interface Delivery {
  id: string;
  webhookId: string;
  state: string;
  type: string;
  jobId?: string;
  reason?: string;
  nextAttemptAt?: string;
  attempts: { outcome: string; status?: number; error?: string; timings: { totalMs: number } }[];
}

let gateway: TestGateway;
let receiver: TestReceiver;
let tenant: SeededTenant;
let key: string;

useWebhooks((setUp) => ({ gateway, receiver, tenant, key } = setUp));

const at = (suffix = ''): string => `/${tenant.queue}${suffix}`;
async function put(name: string, more: object = {}): Promise<void> {
  const { status } = await gateway.call('PUT', `/v1/webhooks/${name}`, {
    key,
    body: { url: receiver.url(at()), ...more },
  });
  expect(status).toBe(201);
}
async function list(name: string): Promise<Delivery[]> {
  return (await gateway.call<{ items: Delivery[] }>('GET', `/v1/webhooks/${name}/deliveries`, { key })).body
    .items;
}
const state = async (name: string): Promise<string> =>
  (await gateway.call<{ state: string }>('GET', `/v1/webhooks/${name}`, { key })).body.state;
const when = (name: string, so: (items: Delivery[]) => boolean): Promise<Delivery[]> =>
  eventually(
    () => list(name),
    (items) => items.length > 0 && so(items),
  );
const all = (name: string, wanted: string): Promise<Delivery[]> =>
  when(name, (items) => items.every((item) => item.state === wanted));
async function tell(endpoint = 'hooks', count = 1): Promise<void> {
  for (let i = 0; i < count; i++) {
    await seedToldJob(gateway.test, tenant, { webhook: { endpoint } });
    await endJob(gateway.test, tenant);
  }
}
/** Time passes for the database, and the gateway looks. */
async function pass(ms: number): Promise<void> {
  await gateway.test.shiftClock(ms);
  gateway.app.get(Deliverer).wake();
}

it('never follows a redirect', async () => {
  receiver.answer(at(), 307, { location: receiver.url(at('/elsewhere')) });
  await put('hooks');
  await tell();
  const [delivery] = await all('hooks', 'dead');
  expect(delivery).toMatchObject({ attempts: [{ outcome: 'refused', status: 307 }] });
  expect(receiver.at(at('/elsewhere'))).toHaveLength(0);
});

it('takes the head of an answer, and ends bodies that drip or never end', async () => {
  const closed: string[] = [];
  for (const [suffix, everyMs, bytes] of [
    ['/drip', 50, 1],
    ['/endless', 1, 20_000],
  ] as const)
    receiver.answer(at(suffix), (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(bytes)), everyMs);
      response.on('close', () => (clearInterval(timer), closed.push(suffix)));
    });
  await put('drip', { url: receiver.url(at('/drip')) });
  await put('endless', { url: receiver.url(at('/endless')) });
  await tell('drip');
  await tell('endless');
  for (const name of ['drip', 'endless']) {
    const [delivery] = await all(name, 'delivered');
    expect(delivery!.attempts[0]!.timings.totalMs).toBeLessThan(5_000);
  }
  await eventually(
    async () => closed.length,
    (count) => count === 2,
  );
});

it('disables an endpoint that is gone; once enabled, the dead are replayed under their ids', async () => {
  receiver.answer(at(), 410);
  await put('hooks');
  await tell();
  const [gone] = await all('hooks', 'dead');
  expect([await state('hooks'), gone!.reason]).toEqual(['disabled', 'the receiver answered 410 Gone']);
  await tell();
  await when('hooks', (items) => items.some((item) => item.reason === 'the endpoint is disabled'));
  for (const [action, body] of [
    ['test', undefined],
    ['dead/replay', {}],
    ['recover', { since: '2020-01-01T00:00:00Z' }],
    [`deliveries/${gone!.id}/retry`, undefined],
  ] as const)
    expect((await gateway.call('POST', `/v1/webhooks/hooks/${action}`, { key, body })).status).toBe(409);

  receiver.answer(at(), 204);
  expect((await gateway.call('POST', '/v1/webhooks/hooks/enable', { key })).body).toMatchObject({
    state: 'active',
  });
  expect((await gateway.call('POST', '/v1/webhooks/hooks/dead/replay', { key, body: {} })).body).toEqual({
    count: 2,
  });
  await all('hooks', 'delivered');
  const ids = receiver.at(at()).map(({ headers }) => headers['webhook-id']);
  expect(ids.filter((id) => id === gone!.webhookId)).toHaveLength(2);
});

it('comes again when a throttling receiver says, under the same id and a new time', async () => {
  receiver.answer(at(), 429, { 'retry-after': '7' });
  await put('hooks');
  await tell();
  const [delivery] = await when('hooks', ([item]) => item!.attempts.length === 1);
  expect(delivery).toMatchObject({ state: 'pending', attempts: [{ outcome: 'throttled', status: 429 }] });
  expect(await state('hooks')).toBe('active');
  receiver.answer(at(), 204);
  await pass(7_000);
  await all('hooks', 'delivered');
  const [first, second] = receiver.at(at());
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  expect(second!.body).toBe(first!.body);
});

it('pauses a receiver after ten failures in a row, says so, and probes it before it goes on', async () => {
  receiver.answer(at(), 500);
  await put('alerts', {
    url: receiver.url(at('/alerts')),
    events: ['webhook.failing', 'webhook.paused', 'webhook.recovered'],
  });
  await put('hooks', { schedule: Array.from({ length: 12 }, () => 0) });
  await tell();
  await receiver.until(at(), 10);
  await eventually(
    () => state('hooks'),
    (now) => now === 'paused',
  );
  await tell('hooks', 3);
  await receiver.until(at('/alerts'), 2);
  expect(receiver.at(at())).toHaveLength(10);
  // What waits for the pause to end has used up no step.
  expect((await list('hooks')).slice(0, 3)).toMatchObject([
    { attempts: [] },
    { attempts: [] },
    { attempts: [] },
  ]);

  await pass(31_000);
  await receiver.until(at('/alerts'), 3);
  expect(receiver.at(at())).toHaveLength(11);

  receiver.answer(at(), 204);
  await pass(61_000);
  await all('hooks', 'delivered');
  expect(await state('hooks')).toBe('active');
  // By their ids: the clock may have moved past the lease of one that was being recorded, and it comes again.
  const told = await eventually(
    async () =>
      new Map(
        receiver
          .at(at('/alerts'))
          .map(({ headers, body }) => [headers['webhook-id'], (JSON.parse(body) as { type: string }).type]),
      ),
    (types) => types.size >= 4,
  );
  expect([...told.values()].toSorted()).toEqual([
    'webhook.failing',
    'webhook.paused',
    'webhook.paused',
    'webhook.recovered',
  ]);
});

it('lets no slow receiver delay another', async () => {
  const held: (() => void)[] = [];
  receiver.answer(at('/slow'), (response) => void held.push(() => response.writeHead(204).end()));
  await put('slow', { url: receiver.url(at('/slow')) });
  await put('quick');
  await tell('slow', 20);
  await receiver.until(at('/slow'), 8);
  await tell('quick', 3);
  await all('quick', 'delivered');
  expect(receiver.at(at('/slow'))).toHaveLength(8);
  receiver.answer(at('/slow'), 204);
  for (const release of held) release();
  await all('slow', 'delivered');
});

it('lets many slow receivers at one host delay no other there', async () => {
  const held: (() => void)[] = [];
  receiver.answer(at('/slow'), (response) => void held.push(() => response.writeHead(204).end()));
  const slow = Array.from({ length: 40 }, (_, n) => `slow-${n}`);
  for (const name of slow) await put(name, { url: receiver.url(at('/slow')) });
  await put('quick');
  for (const name of slow) await tell(name);
  await receiver.until(at('/slow'), slow.length);
  await tell('quick', 3);
  await all('quick', 'delivered');
  receiver.answer(at('/slow'), 204);
  for (const release of held) release();
  for (const name of slow) await all(name, 'delivered');
});

it('delivers once, though many processes deliver', async () => {
  const other = await TestGateway.start({ test: gateway.test }, gateway.masterKey);
  await put('hooks');
  await tell('hooks', 20);
  await when('hooks', (items) => items.length === 20 && items.every((item) => item.state === 'delivered'));
  expect(new Set(receiver.at(at()).map(({ headers }) => headers['webhook-id'])).size).toBe(20);
  expect(receiver.at(at())).toHaveLength(20);
  await other.app.close();
});

it('signs for a URL that a job names with the secret that it gave', async () => {
  const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
  const sealed = secretBox(gateway.masterKey).seal(secret, `webhook-secret:${tenant.tenantId}`);
  await seedToldJob(gateway.test, tenant, { webhook: { url: receiver.url(at()), secret: sealed } });
  await endJob(gateway.test, tenant);
  const [request] = await receiver.until(at());
  expect(new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>)).toMatchObject(
    { type: 'job.succeeded' },
  );
  await all('default', 'delivered');
});

it('keeps tenants apart, and what is deleted dead', async () => {
  receiver.answer(at(), 500);
  await put('hooks');
  await tell();
  const [delivery] = await when('hooks', ([item]) => item!.attempts.length === 1);
  const foreign = await gateway.key((await seedTenant(gateway.test.database)).tenantId);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/deliveries'],
    ['POST', `/deliveries/${delivery!.id}/retry`],
    ['DELETE', ''],
  ] as const)
    expect((await gateway.call(method, `/v1/webhooks/hooks${path}`, { key: foreign })).status).toBe(404);
  const job = `/v1/results/${(await list('hooks'))[0]!.jobId}`;
  expect((await gateway.call('GET', `${job}/deliveries`, { key: foreign })).status).toBe(404);
  expect((await gateway.call('POST', `${job}/ack`, { key: foreign, body: { cursor: '0:4' } })).status).toBe(
    404,
  );
  expect(
    (await gateway.call('POST', `/v1/webhooks/hooks/deliveries/${randomUUID()}/retry`, { key })).status,
  ).toBe(404);
  expect((await gateway.call('DELETE', '/v1/webhooks/hooks', { key })).status).toBe(204);
  const { rows } = await gateway.test.database.pool.query(
    'SELECT state, reason FROM baton.webhook_delivery WHERE id = $1',
    [delivery!.id],
  );
  expect(rows).toEqual([{ state: 'dead', reason: 'the endpoint was deleted' }]);
});

it('recovers what has died since a time', async () => {
  receiver.answer(at(), 404);
  await put('hooks');
  await tell('hooks', 2);
  await when('hooks', (items) => items.length === 2 && items.every((item) => item.state === 'dead'));
  receiver.answer(at(), 204);
  const recover = (since: string) =>
    gateway.call('POST', '/v1/webhooks/hooks/recover', { key, body: { since } });
  expect((await recover('2999-01-01T00:00:00Z')).body).toEqual({ count: 0 });
  expect((await recover('2020-01-01T00:00:00Z')).body).toEqual({ count: 2 });
  await all('hooks', 'delivered');
});

it('refuses a private address with words that say what to do', async () => {
  const strict = await TestGateway.start({ allow: null, test: gateway.test }, gateway.masterKey);
  const { status, body } = await strict.call<{ errors: { path: string; message: string }[] }>(
    'PUT',
    '/v1/webhooks/mine',
    { key, body: { url: 'https://192.168.1.10/hook' } },
  );
  expect(status).toBe(400);
  expect(body.errors[0]).toMatchObject({
    path: 'url',
    message: expect.stringMatching(/private.*Prefer: wait/) as string,
  });
  await strict.app.close();
});

describe('a delivery plan', () => {
  const plan = [
    { channel: 'stream', forMs: 5_000 },
    { channel: 'webhook', endpoint: 'hooks' },
  ] as const;
  async function planned(jobId: string): Promise<{ state: string; reason: string; step: number }> {
    const { rows } = await gateway.test.database.pool.query<{ state: string; reason: string; step: number }>(
      'SELECT state, reason, step FROM baton.delivery_plan WHERE job_id = $1',
      [jobId],
    );
    return rows[0]!;
  }
  async function begin(steps: Parameters<typeof seedToldJob>[2] = { delivery: [...plan] }): Promise<string> {
    const id = await seedToldJob(gateway.test, tenant, steps);
    await endJob(gateway.test, tenant);
    return id;
  }
  const ack = (jobId: string, cursor: string): Promise<boolean> =>
    acknowledge(gateway.test.database.pool, { jobId, tenantId: tenant.tenantId, cursor, how: 'a test' });

  it('lets its webhook go when its stream has had its time, and ends with the 2xx', async () => {
    await put('hooks');
    const id = await begin();
    expect((await list('hooks'))[0]).toMatchObject({ state: 'waiting' });
    await pass(5_000);
    await all('hooks', 'delivered');
    expect(await planned(id)).toMatchObject({
      state: 'acknowledged',
      step: 1,
      reason: "acknowledged by the webhook's answer 204",
    });
    expect(await ack(id, '0:4')).toBe(false);
  });

  it('cancels what is left when a channel is acknowledged, and keeps the reason', async () => {
    await put('hooks');
    const id = await begin();
    expect(await ack(id, '0:3')).toBe(false);
    expect(await ack(id, 'nonsense')).toBe(false);
    expect(
      await acknowledge(gateway.test.database.pool, {
        jobId: id,
        tenantId: randomUUID(),
        cursor: '0:4',
        how: 'a stranger',
      }),
    ).toBe(false);
    const post = (cursor: string) => gateway.call('POST', `/v1/results/${id}/ack`, { key, body: { cursor } });
    expect((await post('0:3')).body).toEqual({ acknowledged: false });
    expect((await post('0:4')).body).toEqual({ acknowledged: true });
    expect((await list('hooks'))[0]).toMatchObject({
      state: 'cancelled',
      reason: 'acknowledged by POST /v1/results/:jobId/ack',
      attempts: [],
    });
    expect((await gateway.call('GET', `/v1/results/${id}/deliveries`, { key })).body).toMatchObject({
      plan: {
        state: 'acknowledged',
        step: 0,
        steps: [
          { channel: 'stream', for: '5s' },
          { channel: 'webhook', endpoint: 'hooks' },
        ],
      },
      items: [{ state: 'cancelled', planStep: 1 }],
    });
    await pass(5_000);
    await tell();
    await receiver.until(at());
    expect(receiver.at(at())).toHaveLength(1);
  });

  it('is acknowledged by a request that presents the terminal cursor, and by no other', async () => {
    await put('hooks');
    const id = await begin();
    const poll = (headers: Record<string, string>) =>
      fetch(`${gateway.url}/v1/results/${id}`, { headers: { authorization: `Bearer ${key}`, ...headers } });
    expect((await poll({})).status).toBe(200);
    expect((await poll({ 'if-none-match': '*' })).status).toBe(304);
    expect(await planned(id)).toMatchObject({ state: 'active' });
    // As a proxy that compresses makes of it.
    expect((await poll({ 'if-none-match': '"0:3", W/"0:4"' })).status).toBe(304);
    expect(await planned(id)).toMatchObject({
      state: 'acknowledged',
      reason: 'acknowledged by a poll that presented the terminal cursor',
    });
  });

  it('is acknowledged after its last step too, while its webhooks are still tried', async () => {
    for (const suffix of ['/first', '']) receiver.answer(at(suffix), 500);
    await put('first', { url: receiver.url(at('/first')) });
    await put('hooks');
    const id = await begin({
      delivery: [
        { channel: 'webhook', endpoint: 'first', forMs: 1_000 },
        { channel: 'webhook', endpoint: 'hooks', forMs: 1_000 },
      ],
    });
    const tried = (name: string) => when(name, ([item]) => item!.attempts.length === 1);
    await tried('first');
    await pass(1_000);
    await tried('hooks');
    await pass(1_000);
    await eventually(
      () => planned(id),
      ({ state: now }) => now === 'exhausted',
    );
    receiver.answer(at('/first'), 204);
    await pass(5_000);
    await all('first', 'delivered');
    expect(await planned(id)).toMatchObject({
      state: 'acknowledged',
      reason: "acknowledged by the webhook's answer 204",
    });
    expect(await list('hooks')).toMatchObject([{ state: 'cancelled' }]);
  });

  it('goes on after a webhook that has died, and is exhausted after its last step', async () => {
    receiver.answer(at('/first'), 404);
    await put('first', { url: receiver.url(at('/first')) });
    await put('hooks');
    const second = await begin({
      delivery: [
        { channel: 'webhook', endpoint: 'first' },
        { channel: 'webhook', endpoint: 'hooks' },
      ],
    });
    await all('hooks', 'delivered');
    expect(await planned(second)).toMatchObject({ state: 'acknowledged', step: 1 });
    const none = await begin({
      delivery: [
        { channel: 'webhook', endpoint: 'nowhere' },
        { channel: 'stream', forMs: 1_000 },
      ],
    });
    await eventually(
      () => planned(none),
      ({ step }) => step === 1,
    );
    await pass(1_000);
    await eventually(
      () => planned(none),
      ({ state: now }) => now === 'exhausted',
    );
  });
});
