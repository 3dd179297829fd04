import { inTransaction, lockJobs, noteEvents, noteJobEvents } from '@baton/persistence';
import type { SeededTenant } from '@baton/persistence/testing';
import { ChildService } from '@baton/service/testing';
import { endJob, eventually, seedToldJob } from '../testing/webhooks/end-job.js';
import type { TestReceiver } from '../testing/webhooks/receiver.js';
import { TestGateway } from '../testing/webhooks/test-gateway.js';
import { useWebhooks } from '../testing/webhooks/use-webhooks.fixture.js';
import { Deliverer } from './delivery/deliverer.js';

let gateway: TestGateway;
let receiver: TestReceiver;
let tenant: SeededTenant;
let key: string;

useWebhooks((setUp) => ({ gateway, receiver, tenant, key } = setUp));
beforeEach(async () => {
  const body = { url: receiver.url(at()), events: ['job.succeeded', 'job.overdue', 'result.expiring'] };
  expect((await gateway.call('PUT', '/v1/webhooks/hooks', { key, body })).status).toBe(201);
});

const at = (): string => `/${tenant.queue}`;
const typesAt = (): string[] =>
  receiver.at(at()).map(({ body }) => (JSON.parse(body) as { type: string }).type);

it('tells that a job is overdue while it is live, and that a result is about to expire', async () => {
  const { pool } = gateway.test.database;
  const id = await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'hooks' } });
  await inTransaction(pool, async (tx) => {
    await lockJobs(tx, [id]);
    await noteEvents(tx, [{ jobId: id, type: 'job.overdue', data: { stuckAt: 'queued' } }]);
  });
  const [overdue] = await receiver.until(at());
  expect(JSON.parse(overdue!.body)).toMatchObject({
    type: 'job.overdue',
    data: { id, state: 'queued', cursor: '0:3' },
  });
  await endJob(gateway.test, tenant);
  await receiver.until(at(), 2);
  await pool.query('UPDATE baton.job_history SET seq = seq + 1 WHERE id = $1', [id]);
  await inTransaction(pool, (tx) => noteJobEvents(tx, [id], 'result.expiring'));
  const told = await receiver.until(at(), 3);
  expect(typesAt()).toEqual(['job.overdue', 'job.succeeded', 'result.expiring']);
  expect(new Set(told.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
});

it('tells a job that is overdue from its end by the header set x-signature too', async () => {
  const { pool } = gateway.test.database;
  const body = { url: receiver.url(at()), events: ['job.succeeded', 'job.overdue'], headers: 'x-signature' };
  await gateway.call('PUT', '/v1/webhooks/hooks', { key, body });
  const id = await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'hooks' } });
  await inTransaction(pool, async (tx) => {
    await lockJobs(tx, [id]);
    await noteEvents(tx, [{ jobId: id, type: 'job.overdue' }]);
  });
  await endJob(gateway.test, tenant);
  const keys = (await receiver.until(at(), 2)).map(({ headers }) => headers['x-idempotency-key']);
  expect(keys.filter((each) => each === `${id}-1`)).toHaveLength(1);
  expect(new Set(keys).size).toBe(2);
});

it('gives back at a drain what it has claimed: another takes it at once, under its id, and no step is used up', async () => {
  receiver.answer(at(), () => undefined); // takes the request and never answers
  const leaving = await TestGateway.start({ test: gateway.test }, gateway.masterKey);
  // Only the one that leaves delivers now.
  await gateway.app.get(Deliverer).drain();
  await seedToldJob(gateway.test, tenant, { webhook: { endpoint: 'hooks' } });
  await endJob(gateway.test, tenant);
  const [first] = await receiver.until(at());
  await leaving.app.get(Deliverer).drain();
  const { rows } = await gateway.test.database.pool.query(
    `SELECT state, claim, attempts, step, due_at <= baton.now() AS due FROM baton.webhook_delivery WHERE tenant_id = $1`,
    [tenant.tenantId],
  );
  expect(rows).toEqual([{ state: 'pending', claim: null, attempts: 0, step: 0, due: true }]);
  receiver.answer(at(), 204);
  const next = await TestGateway.start({ test: gateway.test }, gateway.masterKey);
  const [, second] = await receiver.until(at(), 2);
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  await leaving.app.close();
  await next.app.close();
}, 60_000);

it('goes on with a delivery plan whose gateway was killed in its stream step', async () => {
  const environment = {
    DATABASE_URL: gateway.test.url,
    BATON_MASTER_KEY: gateway.masterKey.toString('base64'),
    PORT: '0',
    WEBHOOK_ALLOW: '127.0.0.0/8',
  };
  const start = (): ChildService => new ChildService(new URL('../main.ts', import.meta.url), environment);
  // Drained in the test before, or now: the children alone deliver.
  await gateway.app.get(Deliverer).drain();
  const killed = start();
  let next: ChildService | undefined;
  try {
    await killed.line('result-gateway is ready');
    const delivery = [
      { channel: 'stream' as const, forMs: 60_000 },
      { channel: 'webhook' as const, endpoint: 'hooks' },
    ];
    const id = await seedToldJob(gateway.test, tenant, { delivery });
    await endJob(gateway.test, tenant);
    const plan = async (): Promise<string> => {
      const { rows } = await gateway.test.database.pool.query<{ state: string }>(
        'SELECT state FROM baton.delivery_plan WHERE job_id = $1',
        [id],
      );
      return rows.map(({ state }) => state).join();
    };
    expect(await plan()).toBe('active');
    await killed.kill();
    await gateway.test.shiftClock(61_000);
    next = start();
    const [request] = await receiver.until(at());
    expect(JSON.parse(request!.body)).toMatchObject({ type: 'job.succeeded', data: { id } });
    await eventually(plan, (state) => state === 'acknowledged');
    expect(receiver.at(at())).toHaveLength(1);
  } finally {
    await killed.kill();
    await next?.kill();
  }
}, 90_000);
