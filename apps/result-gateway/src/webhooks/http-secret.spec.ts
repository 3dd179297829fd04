import { httpSigningKey } from '@baton/service/egress';
import { seedTenant, useTestDatabase } from '@baton/persistence/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { keyFor, masterKey, startGateway } from '../testing/test-gateway.js';

const test = useTestDatabase();
let app: NestFastifyApplication;
let url: string;
beforeAll(async () => {
  ({ app, url } = await startGateway(test));
});
afterAll(() => app.close());

const secretOf = async (key: string) => {
  const answer = await fetch(`${url}/v1/http-handler/secret`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: answer.status, body: (await answer.json()) as { secret?: string } };
};

it('is each tenant’s own, for those who may see secrets', async () => {
  const other = await seedTenant(test.database);
  for (const { tenantId } of [test.tenant, other])
    expect(await secretOf(await keyFor(test, tenantId))).toEqual({
      status: 200,
      body: { secret: httpSigningKey(masterKey, tenantId).secret },
    });
  expect((await secretOf(await keyFor(test, other.tenantId, ['jobs:read']))).status).toBe(403);
});
