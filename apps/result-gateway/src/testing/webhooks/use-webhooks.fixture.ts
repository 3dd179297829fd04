import { seedTenant, type SeededTenant } from '@baton/persistence/testing';
import { TestReceiver } from './receiver.js';
import { TestGateway } from './test-gateway.js';

/** What the tests of one file about webhooks share; the tenant, with a key of every scope, is the running test's own. */
export interface WebhookSetUp {
  gateway: TestGateway;
  receiver: TestReceiver;
  tenant: SeededTenant;
  key: string;
}

/**
 * A gateway and a receiver for the tests of one file, and a tenant for each of them.
 * @param begin called before each test, before the file's own `beforeEach`
 */
export function useWebhooks(begin: (setUp: WebhookSetUp) => void): void {
  let gateway: TestGateway;
  let receiver: TestReceiver;
  beforeAll(async () => {
    gateway = await TestGateway.start();
    receiver = await TestReceiver.start();
  });
  beforeEach(async () => {
    const tenant = await seedTenant(gateway.test.database);
    begin({ gateway, receiver, tenant, key: await gateway.key(tenant.tenantId) });
  });
  afterAll(async () => {
    await gateway.close();
    await receiver.close();
  });
}
