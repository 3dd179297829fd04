import { createHmac, createPublicKey, verify } from 'node:crypto';
import type { SeededTenant } from '@baton/persistence/testing';
import { Webhook } from 'standardwebhooks';
import { endJob, eventually, seedToldJob } from '../testing/webhooks/end-job.js';
import type { TestReceiver } from '../testing/webhooks/receiver.js';
import type { TestGateway } from '../testing/webhooks/test-gateway.js';
import { useWebhooks } from '../testing/webhooks/use-webhooks.fixture.js';

interface Endpoint {
  secret: string;
  publicKey: string;
  state: string;
}
interface Delivery {
  id: string;
  webhookId: string;
  state: string;
  type: string;
  reason?: string;
  jobId?: string;
  nextAttemptAt?: string;
  attempts: {
    outcome: string;
    status?: number;
    error?: string;
    request: { headers: Record<string, string> };
    response?: object;
    timings: Record<string, number>;
  }[];
}

let gateway: TestGateway;
let receiver: TestReceiver;
let tenant: SeededTenant;
let key: string;

useWebhooks((setUp) => ({ gateway, receiver, tenant, key } = setUp));

const path = (): string => `/${tenant.queue}`;
async function put(name: string, more: object = {}): Promise<Endpoint> {
  const body = { url: receiver.url(path()), ...more };
  return (await gateway.call<Endpoint>('PUT', `/v1/webhooks/${name}`, { key, body })).body;
}
async function deliveries(name: string, query = ''): Promise<Delivery[]> {
  const answer = await gateway.call<{ items: Delivery[] }>('GET', `/v1/webhooks/${name}/deliveries${query}`, {
    key,
  });
  return answer.body.items;
}
const settled = (name: string, state: string): Promise<Delivery[]> =>
  eventually(
    () => deliveries(name),
    (items) => items.length > 0 && items.every((item) => item.state === state),
  );

it('delivers a job’s end, signed so that the public library takes it, and keeps the history', async () => {
  const { secret, publicKey } = await put('hooks');
  const id = await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'hooks' } });
  await endJob(gateway.test, tenant, 'succeeded', {
    result: { kind: 'json', json: '{"n":1,"z":"a\\u0000b"}' },
  });
  const [request] = await receiver.until(path());
  const told = new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>);
  expect(told).toMatchObject({
    type: 'job.succeeded',
    data: {
      id,
      state: 'succeeded',
      cursor: '0:4',
      attempt: 1,
      result: { n: 1, z: 'a\0b' },
      links: { result: `/v1/results/${id}` },
    },
  });
  expect(request!.headers['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);

  const {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  } = request!.headers;
  const v1a = /v1a,(\S+)/.exec(String(signature))![1]!;
  const spki = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(publicKey.slice(5), 'base64'),
  ]);
  const ed25519 = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const text = Buffer.from(`${String(webhookId)}.${String(timestamp)}.${request!.body}`);
  expect(verify(null, text, ed25519, Buffer.from(v1a, 'base64'))).toBe(true);

  const [delivery] = await settled('hooks', 'delivered');
  expect(delivery).toMatchObject({
    webhookId,
    jobId: id,
    attempts: [
      {
        outcome: 'delivered',
        status: 204,
        request: { headers: { 'webhook-id': webhookId } },
        response: {},
        timings: {},
      },
    ],
  });
  expect(receiver.at(path())).toHaveLength(1);
});

it('tells what the endpoint or the job wants to hear, and endpoints that have subscribed', async () => {
  await put('dead-only', { events: ['job.dead'] });
  await put('all-jobs', { url: receiver.url(`${path()}/all`), queues: ['*'] });
  await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'dead-only' }, subscribed: true });
  await endJob(gateway.test, tenant);
  await receiver.until(`${path()}/all`);
  await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'dead-only', events: ['job.succeeded'] } });
  await endJob(gateway.test, tenant);
  await receiver.until(path());
  await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'dead-only' }, maxAttempts: 1 });
  await endJob(gateway.test, tenant, 'failed', {
    error: { code: 'handler_error', message: 'no', stack: 'inside', retryable: true },
  });
  const requests = await receiver.until(path(), 2);
  expect(JSON.parse(requests[1]!.body)).toMatchObject({
    type: 'job.dead',
    data: { error: { code: 'handler_error', message: 'no' } },
  });
  expect(requests[1]!.body).not.toContain('inside');
  expect(receiver.at(`${path()}/all`)).toHaveLength(1);
});

it('leaves a large result out of the body, and says so', async () => {
  await put('hooks');
  const id = await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'hooks' } });
  await endJob(gateway.test, tenant, 'succeeded', {
    result: { kind: 'json', json: JSON.stringify('x'.repeat(16_380)) },
  });
  const [request] = await receiver.until(path());
  expect(JSON.parse(request!.body)).toMatchObject({ data: { id, thin: true, resultBytes: 16_382 } });
  expect(Buffer.byteLength(request!.body)).toBeLessThan(1_000);
});

it('signs with both secrets for a day after a rotation, and with the header set of the endpoint', async () => {
  const { secret } = await put('hooks');
  const { body } = await gateway.call<Endpoint>('POST', '/v1/webhooks/hooks/rotate-secret', { key });
  expect(body.secret).not.toBe(secret);
  await gateway.call('POST', '/v1/webhooks/hooks/test', { key });
  const [request] = await receiver.until(path());
  for (const each of [secret, body.secret])
    expect(new Webhook(each).verify(request!.body, request!.headers as Record<string, string>)).toMatchObject(
      { type: 'webhook.test' },
    );

  await put('hooks', { headers: 'x-signature' });
  const id = await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'hooks' } });
  await endJob(gateway.test, tenant);
  const { headers, body: text } = (await receiver.until(path(), 2))[1]!;
  const hmac = createHmac('sha256', Buffer.from(body.secret.slice(6), 'base64'));
  const expected = `sha256=${hmac.update(`${String(headers['x-timestamp'])}.${text}`).digest('hex')}`;
  expect(String(headers['x-signature']).split(',')[0]).toBe(expected);
  expect(headers['x-idempotency-key']).toBe(`${id}-1`);

  await gateway.test.shiftClock(24 * 3_600_000 + 1_000);
  await gateway.call('POST', '/v1/webhooks/hooks/test', { key });
  expect(String((await receiver.until(path(), 3))[2]!.headers['x-signature'])).not.toContain(',');
  const { rows } = await gateway.test.database.pool.query<{ all: string }>(
    'SELECT string_agg(e::text, $1) AS all FROM baton.webhook_endpoint e',
    ['\n'],
  );
  expect(rows[0]!.all).not.toContain(secret.slice(6));
});
