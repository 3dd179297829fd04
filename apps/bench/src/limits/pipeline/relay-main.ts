/** First process of the bare pipeline: outbox rows to the job topic, batch by batch. */
import { Pool } from 'pg';
import { serveParent } from '../../processes/serve-parent.js';
import { batchRows } from '../in-batches.js';
import { openKafka, type Producer } from '../kafka-client.js';
import { deletePlainOutbox, fetchPlainOutbox } from '../plain-tables.sql.js';
import { clockMs, type PipelinePlace } from './pipeline-place.js';

let pool: Pool;
let producer: Producer;
let topic: string;

serveParent({
  async open(place: PipelinePlace): Promise<void> {
    topic = place.jobTopic;
    pool = new Pool({ connectionString: place.databaseUrl, max: 1 });
    producer = openKafka(place.brokers).producer();
    await producer.connect();
  },
  /** Publishes what is there; resolves to when the first was fetched, and how long all took. */
  async publishAll(): Promise<{ begunAtMs: number; seconds: number }> {
    const begunAtMs = clockMs();
    for (
      let rows = await fetchPlainOutbox(pool, batchRows);
      rows.length > 0;
      rows = await fetchPlainOutbox(pool, batchRows)
    ) {
      const messages = rows.map(({ id, payload, traceparent }) => ({
        key: id,
        value: payload,
        headers: { traceparent },
      }));
      await producer.send({ topic, acks: -1, messages });
      await deletePlainOutbox(
        pool,
        rows.map(({ outboxId }) => outboxId),
      );
    }
    return { begunAtMs, seconds: (clockMs() - begunAtMs) / 1_000 };
  },
  async close(): Promise<void> {
    await producer.disconnect();
    await pool.end();
  },
});
