import { scopes } from '@baton/contracts';
import { TestProducer } from '../testing/test-producer.js';

let producer: TestProducer;
let tenant: Awaited<ReturnType<TestProducer['tenant']>>;

beforeAll(async () => {
  producer = await TestProducer.start();
});
afterAll(() => producer.close());
beforeEach(async () => {
  tenant = await producer.tenant(scopes.filter((scope) => scope !== 'tenants:admin'));
});

interface Key {
  id: string;
  key: string;
  prefix: string;
  scopes: string[];
}

async function make(body: Record<string, unknown>, key = tenant.key) {
  return producer.call('POST', '/v1/keys', { key, body: { name: 'k', scopes: ['jobs:read'], ...body } });
}

it('shows a key once, lists it by its prefix, and refuses it once disabled', async () => {
  const answer = await make({ scopes: ['jobs:read', 'jobs:read'] });
  expect(answer.statusCode).toBe(201);
  const { key, ...made } = answer.json<Key>();
  expect(made.scopes).toEqual(['jobs:read']);
  expect(key.startsWith(made.prefix)).toBe(true);
  const listed = await producer.call('GET', '/v1/keys', { key: tenant.key });
  expect(listed.json<{ items: unknown[] }>().items).toContainEqual(made);
  expect(listed.body).not.toContain(key);

  // Not used before it is disabled: a process believes a key that it knows for some seconds more.
  expect((await producer.call('DELETE', `/v1/keys/${made.id}`, { key: tenant.key })).statusCode).toBe(204);
  const refused = await producer.call('GET', '/v1/jobs', { key });
  expect([refused.statusCode, refused.json<{ detail: string }>().detail]).toEqual([
    401,
    'this API key is disabled',
  ]);
  const after = (await producer.call('GET', '/v1/keys', { key: tenant.key })).json<{
    items: { id: string }[];
  }>();
  expect(after.items.find(({ id }) => id === made.id)).toHaveProperty('disabledAt');
});

it('works with its scopes', async () => {
  const { key } = (await make({})).json<Key>();
  expect((await producer.call('GET', '/v1/jobs', { key })).statusCode).toBe(200);
  expect((await producer.call('POST', '/v1/jobs', { key, body: { queue: tenant.queue } })).statusCode).toBe(
    403,
  );
});

it('grants and disables nothing that its maker lacks', async () => {
  const reader = await producer.keyFor(tenant.tenantId, ['jobs:read']);
  const grant = await make({ scopes: ['jobs:read', 'jobs:write'] }, reader);
  expect([grant.statusCode, grant.json<{ code: string }>().code]).toEqual([403, 'scope_missing']);
  const { id } = (await make({ scopes: ['jobs:write'] })).json<Key>();
  expect((await producer.call('DELETE', `/v1/keys/${id}`, { key: reader })).statusCode).toBe(403);
});

it('keeps tenants apart, but for tenants:admin', async () => {
  const other = await producer.tenant(['jobs:read']);
  const admin = (await producer.tenant()).key;
  const name = await tenantName(other.tenantId);
  const foreign = await make({ tenant: name });
  expect([foreign.statusCode, foreign.json<{ code: string }>().code]).toEqual([403, 'scope_missing']);
  expect((await producer.call('GET', `/v1/keys?tenant=${name}`, { key: tenant.key })).statusCode).toBe(403);
  const { id, key } = (await make({ tenant: name }, admin)).json<Key>();
  expect((await producer.call('GET', '/v1/queues', { key })).statusCode).toBe(200);
  expect((await producer.call('DELETE', `/v1/keys/${id}`, { key: tenant.key })).statusCode).toBe(404);
  expect((await producer.call('DELETE', `/v1/keys/${id}`, { key: admin })).statusCode).toBe(204);
  expect((await make({ tenant: 'nobody' }, admin)).json()).toMatchObject({ code: 'not_found' });
});

it.each<[string, Record<string, unknown>]>([
  ['scopes', { scopes: [] }],
  ['scopes.0', { scopes: ['everything'] }],
  ['name', { name: '' }],
  ['owner', { owner: 'me' }],
])('refuses a wrong %s', async (path, body) => {
  expect((await make(body)).json()).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
});

async function tenantName(id: string): Promise<string> {
  // Seeded names are longer than the API makes them.
  const name = `n-${id.slice(0, 8)}`;
  await producer.test.database.pool.query('UPDATE baton.tenant SET name = $2 WHERE id = $1', [id, name]);
  return name;
}

describe('tenants', () => {
  it('are made and listed with tenants:admin alone', async () => {
    const admin = (await producer.tenant()).key;
    const name = `new-${tenant.queue}`;
    const post = (key: string) => producer.call('POST', '/v1/tenants', { key, body: { name } });
    expect((await post(tenant.key)).statusCode).toBe(403);
    const made = await post(admin);
    expect(made.statusCode).toBe(201);
    expect((await post(admin)).statusCode).toBe(409);
    const list = await producer.call('GET', '/v1/tenants?limit=200', { key: admin });
    expect(list.json<{ items: unknown[] }>().items).toContainEqual(made.json());
    expect((await producer.call('GET', '/v1/tenants', { key: tenant.key })).statusCode).toBe(403);
  });
});
