/** Third process of the bare pipeline: outcomes into PostgreSQL. */
import { Pool } from 'pg';
import { serveParent } from '../../processes/serve-parent.js';
import { batchRows } from '../in-batches.js';
import { openKafka, type Consumer } from '../kafka-client.js';
import { settlePlain } from '../plain-tables.sql.js';
import { Gatherer } from './gatherer.js';
import { clockMs, type BareOutcome, type PipelinePlace } from './pipeline-place.js';

let pool: Pool;
let consumer: Consumer;
let settled = 0;
let wanted: { jobs: number; resolve: (atMs: number) => void } | undefined;

serveParent({
  async open({ databaseUrl, brokers, outcomeTopic }: PipelinePlace): Promise<void> {
    pool = new Pool({ connectionString: databaseUrl, max: 1 });
    consumer = openKafka(brokers).consumer(outcomeTopic);
    await consumer.connect();
    const outcomes = new Gatherer(batchRows, settle, fail);
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.subscribe({ topic: outcomeTopic, fromBeginning: true });
    await consumer.run({
      autoCommitInterval: 1_000,
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) outcomes.add(JSON.parse(String(value)) as BareOutcome[]);
      },
    });
    await joined;
  },
  /** Resolves to when so many jobs had been settled. */
  settledAll: (jobs: number) =>
    new Promise<number>((resolve) => {
      wanted = { jobs, resolve };
      tellWhenDone();
    }),
  async close(): Promise<void> {
    await consumer.disconnect();
    await pool.end();
  },
});

async function settle(outcomes: BareOutcome[]): Promise<void> {
  await settlePlain(
    pool,
    outcomes.map(([id]) => id),
    outcomes.map(([, result]) => result),
  );
  settled += outcomes.length;
  tellWhenDone();
}

function tellWhenDone(): void {
  if (wanted && settled >= wanted.jobs) wanted.resolve(clockMs());
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
