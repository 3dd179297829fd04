import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { Outcome, WorkerReportSchema, type WorkerEvent } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import type { Database } from '@baton/persistence';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { WorkerEventSchema } from '@baton/contracts';

type Event = MessageInitShape<typeof WorkerEventSchema>['event'] & {
  case: NonNullable<WorkerEvent['event']['case']>;
};

export interface ExecutionOf {
  jobId: string;
  attempt: number;
  executionId: string;
  tenantId: string;
  queue: string;
  orderingKey: string;
}

/** Speaks as an event worker does: everything to one partition. */
export class TestWorker {
  readonly id = randomUUID();

  constructor(
    private readonly producer: BrokerProducer,
    private readonly topic: string,
    private readonly partition = 0,
  ) {}

  async say(...events: Event[]): Promise<void> {
    const report = create(WorkerReportSchema, {
      workerId: this.id,
      events: events.map((event) => ({ event })),
    });
    await this.producer.send(this.topic, [
      { key: this.id, partition: this.partition, value: Buffer.from(toBinary(WorkerReportSchema, report)) },
    ]);
  }

  registered(queue: string): Event {
    return { case: 'registered', value: { host: 'host-1', pid: 7, queues: [queue] } };
  }

  started(execution: ExecutionOf, { asks = false } = {}): Event {
    return { case: 'started', value: { execution, startedAtMs: BigInt(Date.now()), asks } };
  }

  progress(execution: ExecutionOf, fraction: number, { data = '', checkpoint = '' } = {}): Event {
    const value = { execution, atMs: BigInt(Date.now()), fraction, data: Buffer.from(data) };
    return { case: 'progress', value: { ...value, checkpoint: Buffer.from(checkpoint) } };
  }

  ended(execution: ExecutionOf, outcome: Outcome = Outcome.SUCCEEDED, json = '{"done":true}'): Event {
    const now = BigInt(Date.now());
    return {
      case: 'ended',
      value: {
        execution,
        outcome,
        startedAtMs: now,
        finishedAtMs: now,
        result: { case: 'json', value: Buffer.from(json) },
      },
    };
  }

  heartbeat(...executionIds: string[]): Event {
    return { case: 'heartbeat', value: { executionIds } };
  }
}

/** A new execution of a job's current attempt. */
export async function executionOf(database: Database, jobId: string): Promise<ExecutionOf> {
  const { rows } = await database.pool.query<Omit<ExecutionOf, 'executionId'>>(
    `SELECT id AS "jobId", attempt, tenant_id AS "tenantId", queue, coalesce(ordering_key, '') AS "orderingKey" FROM baton.job WHERE id = $1`,
    [jobId],
  );
  return { ...rows[0]!, executionId: randomUUID() };
}
