import { claimDeliveries, type ClaimedDelivery } from '@baton/persistence';
import { useTestDatabase } from '@baton/persistence/testing';
import { createLogger } from '@baton/service';
import { judgeAnswer } from './judge-answer.js';
import { outcomeOf } from './outcome-of.js';
import { OutcomeRecorder } from './outcome-recorder.js';

const test = useTestDatabase();

async function claimed(count: number): Promise<ClaimedDelivery[]> {
  const { pool } = test.database;
  await pool.query(
    `INSERT INTO baton.webhook_delivery (tenant_id, webhook_id, receiver, url, type, at, data, state, due_at)
     SELECT $1, gen_random_uuid(), 'origin:' || n, 'https://example.com/', 'webhook.test', baton.now(), '{}', 'pending', baton.now()
     FROM generate_series(1, $2::int) n`,
    [test.tenant.tenantId, count],
  );
  return claimDeliveries(pool, { after: '', limit: count, perReceiver: 1, inFlight: {} });
}

it('records all others at once where one cannot be stored', async () => {
  const { pool } = test.database;
  const deliveries = await claimed(5);
  const recorder = new OutcomeRecorder(
    pool,
    await createLogger({ service: 'test', level: 'silent', pretty: false }),
    () => undefined,
  );
  const outcomes = deliveries.map((delivery, i) => {
    const judgement = judgeAnswer({ status: 204 }, { step: 0, tiers: true }, 0.5);
    const url = i === 2 ? 'https://example.com/\0' : 'https://example.com/';
    const met = {
      status: 204,
      error: null,
      url,
      request: {},
      headers: null,
      headMs: 1,
      totalMs: 1,
      agoMs: 1,
    };
    return outcomeOf(delivery, judgement, met);
  });
  await Promise.all(outcomes.map((outcome) => recorder.record(outcome)));
  const { rows } = await pool.query<{ id: string; state: string }>(
    'SELECT id, state FROM baton.webhook_delivery',
  );
  const states = new Map(rows.map(({ id, state }) => [id, state]));
  expect(deliveries.map(({ id }) => states.get(id))).toEqual([
    'delivered',
    'delivered',
    'pending',
    'delivered',
    'delivered',
  ]);
});
