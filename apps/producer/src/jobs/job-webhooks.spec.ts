import { secretBox } from '@baton/service';
import { TestProducer } from '../testing/test-producer.js';

let producer: TestProducer;
let tenant: Awaited<ReturnType<TestProducer['tenant']>>;

beforeAll(async () => {
  producer = await TestProducer.start();
});
afterAll(() => producer.close());
beforeEach(async () => {
  tenant = await producer.tenant(['jobs:write']);
});

const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const post = (fields: object) =>
  producer.call('POST', '/v1/jobs', { key: tenant.key, body: { queue: tenant.queue, ...fields } });
async function row(
  id: string,
): Promise<{ webhook: string; delivery: string; follows: boolean; subscribed: boolean }> {
  const { rows } = await producer.test.database.pool.query(
    'SELECT webhook, delivery, follows, subscribed FROM baton.job WHERE id = $1',
    [id],
  );
  return rows[0] as never;
}
async function endpoint(name: string, queues: string[] | null = null): Promise<void> {
  await producer.test.database.pool.query(
    `INSERT INTO baton.webhook_endpoint (id, tenant_id, name, url, events, queues, headers, tiers, keys, public_key)
     VALUES (gen_random_uuid(), $1, $2, 'https://example.com/', '{job.dead}', $3, 'standard', true, 'k', 'p')`,
    [tenant.tenantId, name, queues],
  );
}

it('keeps whom a job is told to, with its secret sealed', async () => {
  const answer = await post({
    webhook: { url: 'https://EXAMPLE.com/hook', secret, events: ['job.dead', 'job.dead'] },
  });
  expect(answer.statusCode).toBe(202);
  const { webhook, follows } = await row(answer.json<{ id: string }>().id);
  const kept = JSON.parse(webhook) as { url: string; secret: string };
  expect(kept).toMatchObject({ url: 'https://example.com/hook', events: ['job.dead'] });
  expect(secretBox(producer.masterKey).open(kept.secret, `webhook-secret:${tenant.tenantId}`)).toBe(secret);
  expect([follows, webhook.includes(secret)]).toEqual([true, false]);
});

it('takes an endpoint that is there, one just made too, and a plan of them', async () => {
  const named = { webhook: { endpoint: 'hooks' } };
  expect((await post(named)).json()).toMatchObject({
    code: 'invalid_request',
    errors: [
      {
        path: 'webhook.endpoint',
        message: 'there is no webhook endpoint "hooks"; make it by PUT /v1/webhooks/hooks',
      },
    ],
  });
  await endpoint('hooks');
  expect((await post(named)).statusCode).toBe(202);
  const planned = await post({
    delivery: [
      { channel: 'stream', for: '5s' },
      { channel: 'webhook', endpoint: 'hooks' },
    ],
  });
  const { delivery } = await row(planned.json<{ id: string }>().id);
  expect(JSON.parse(delivery)).toEqual([
    { channel: 'stream', forMs: 5_000 },
    { channel: 'webhook', endpoint: 'hooks' },
  ]);
});

it('signs a URL without a secret with that of the endpoint default, which must be there', async () => {
  const bare = { webhook: { url: 'https://example.com/' } };
  expect((await post(bare)).json()).toMatchObject({ errors: [{ path: 'webhook.secret' }] });
  await endpoint('default');
  expect((await post(bare)).statusCode).toBe(202);
});

it('marks the jobs of queues to which an endpoint has subscribed', async () => {
  const before = (await post({})).json<{ id: string }>().id;
  await endpoint('all', ['*']);
  const after = (await post({})).json<{ id: string }>().id;
  expect(await row(before)).toMatchObject({ subscribed: false, follows: false });
  expect(await row(after)).toMatchObject({ subscribed: true, follows: true });
  const other = await producer.tenant(['jobs:write']);
  const foreign = await producer.call('POST', '/v1/jobs', { key: other.key, body: { queue: other.queue } });
  expect(await row(foreign.json<{ id: string }>().id)).toMatchObject({ subscribed: false });
});

it.each<[string, object, RegExp]>([
  ['webhook', { webhook: {} }, /either an endpoint or a url/],
  [
    'webhook.url',
    { webhook: { url: 'https://10.1.2.3/hook', secret } },
    /private or reserved address 10\.1\.2\.3.*Prefer: wait.*WEBHOOK_ALLOW/,
  ],
  ['webhook.url', { webhook: { url: 'http://example.com/', secret } }, /https/],
  ['webhook.secret', { webhook: { url: 'https://example.com/', secret: 'hush' } }, /whsec_/],
  ['webhook.secret', { webhook: { endpoint: 'e', secret } }, /has its own/],
  ['webhook.events.0', { webhook: { url: 'https://example.com/', secret, events: ['job.made'] } }, /./],
  ['delivery', { delivery: [] }, /./],
  ['delivery.0.for', { delivery: [{ channel: 'stream' }] }, /./],
  ['delivery.0.channel', { delivery: [{ channel: 'pigeon' }] }, /"stream" or "webhook"/],
  [
    'delivery',
    {
      delivery: [
        { channel: 'webhook', endpoint: 'e' },
        { channel: 'webhook', endpoint: 'e' },
      ],
    },
    /once/,
  ],
  [
    'delivery',
    { delivery: [{ channel: 'stream', for: '1s' }], webhook: { url: 'https://example.com/', secret } },
    /left out/,
  ],
])('refuses a wrong %s', async (path, fields, message) => {
  const answer = (await post(fields)).json<{ code: string; errors: { path: string; message: string }[] }>();
  expect(answer).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  expect(answer.errors[0]!.message).toMatch(message);
});
