import { createTestDatabase, seedTenant } from '@baton/persistence/testing';
import { testBroker } from './src/testing/test-broker.js';
import { startOutbox } from './src/testing/test-outbox.js';
import { jobTopic } from '@baton/contracts';
import { OutboxFetcher } from './src/outbox/outbox-fetcher.js';
import { OutboxEraser } from './src/outbox/outbox-eraser.js';
const sums: Record<string, number> = {};
const timed = (proto: any, name: string, label: string) => { const orig = proto[name]; proto[name] = async function (...a: any[]) { const t = performance.now(); try { return await orig.apply(this, a); } finally { sums[label] = (sums[label] ?? 0) + performance.now() - t; } }; };
timed(OutboxFetcher.prototype, 'fetch', 'fetch'); timed(OutboxEraser.prototype, 'erase', 'erase');
const test = await createTestDatabase();
const kafka = await testBroker();
const mk = kafka.broker.producer.bind(kafka.broker); (kafka.broker as any).producer = (o: any) => { const p = mk(o); timed(p, 'send', 'send'); return p; };
const N = Number(process.argv[2] ?? 60000);
for (const pad of [20, 1000]) {
  const tenant = await seedTenant(test.database, 'event');
  await kafka.makeTopics(tenant.queue, { partitions: 12 });
  await test.database.pool.query('UPDATE baton.queue SET publish_window = 10000000 WHERE name=$1', [tenant.queue]);
  await test.database.pool.query('ALTER TABLE baton.job DISABLE TRIGGER ALL');
  await test.database.pool.query(`WITH j AS (INSERT INTO baton.job (id, tenant_id, queue, state, mode, priority, payload, attempt, max_attempts, timeout_ms, seq, queued_seq, created_at, queued_at, traceparent)
    SELECT gen_random_uuid(), $1, $2, 'queued', 'event', 1, '"' || repeat('x', $3) || '"', 1, 5, 60000, 2, 2, baton.now(), baton.now(), '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' FROM generate_series(1, $4) RETURNING *)
    INSERT INTO baton.outbox (shard, queue, priority, job_id, attempt) SELECT baton.shard_of(tenant_id, queue, ordering_key, id), queue, priority, id, attempt FROM j`, [tenant.tenantId, tenant.queue, pad, N]);
  const t0 = performance.now();
  const outbox = await startOutbox(test, kafka);
  const cpu0 = process.cpuUsage();
  for (;;) {
    const { rows } = await test.database.pool.query('SELECT FROM baton.outbox LIMIT 1');
    if (rows.length === 0) break;
    await new Promise((r) => setTimeout(r, 50));
  }
  const s = (performance.now() - t0) / 1000;
  const cpu = process.cpuUsage(cpu0);
  console.log(`payload ${pad}: ${N} rows in ${s.toFixed(2)} s = ${(N / s).toFixed(0)}/s; own cpu ${((cpu.user + cpu.system) / 1e6).toFixed(2)} s`);
  const logs = await test.database.pool.query('SELECT count(*), sum(cardinality(ids)) FROM baton.publish_log WHERE topic = $1', [jobTopic(tenant.queue, 'normal')]);
  console.log(logs.rows[0], sums); for (const k of Object.keys(sums)) delete sums[k];
  await outbox.close();
}
await kafka.close();
await test.close();
