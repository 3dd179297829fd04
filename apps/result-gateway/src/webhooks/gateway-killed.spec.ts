import { randomBytes } from 'node:crypto';
import { createTestDatabase, seedTenant } from '@baton/persistence/testing';
import { ChildService } from '@baton/service/testing';
import { endJob, seedToldJob } from '../testing/webhooks/end-job.js';
import { TestReceiver } from '../testing/webhooks/receiver.js';
import { secretBox } from '@baton/service';

const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

it('loses nothing when the gateway is killed mid-delivery, and delivers it under the same id', async () => {
  const test = await createTestDatabase();
  const receiver = await TestReceiver.start();
  const masterKey = randomBytes(32);
  const environment = {
    DATABASE_URL: test.url,
    BATON_MASTER_KEY: masterKey.toString('base64'),
    PORT: '0',
    WEBHOOK_ALLOW: '127.0.0.0/8',
  };
  const start = (): ChildService => new ChildService(new URL('../main.ts', import.meta.url), environment);
  const first = start();
  let second: ChildService | undefined;
  try {
    await first.line('result-gateway is ready');
    receiver.answer('/', () => undefined); // takes the request and never answers
    const tenant = await seedTenant(test.database);
    const sealed = secretBox(masterKey).seal(secret, `webhook-secret:${tenant.tenantId}`);
    await seedToldJob(test, tenant, { webhook: { url: receiver.url('/'), secret: sealed } });
    await endJob(test, tenant);
    await receiver.until('/', 1);
    await first.kill();

    receiver.answer('/', 204);
    // The killed gateway's claim holds for a while.
    await test.shiftClock(31_000);
    second = start();
    const requests = await receiver.until('/', 2);
    expect(requests[1]!.headers['webhook-id']).toBe(requests[0]!.headers['webhook-id']);
    expect(requests[1]!.body).toBe(requests[0]!.body);
    const states = async (): Promise<string> => {
      const { rows } = await test.database.pool.query<{ state: string }>(
        'SELECT state FROM baton.webhook_delivery',
      );
      return rows.map(({ state }) => state).join();
    };
    while ((await states()) !== 'delivered') await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    await first.kill();
    await second?.kill();
    await receiver.close();
    await test.close();
  }
}, 90_000);
