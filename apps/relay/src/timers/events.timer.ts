import { create, toBinary } from '@bufbuild/protobuf';
import { headers, JobEventSchema, limits, QueueEventSchema, topics } from '@baton/contracts';
import type { BrokerProducer, OutgoingRecord } from '@baton/messaging';
import {
  advancePublished,
  type Database,
  deleteQueueEvents,
  type EventLog,
  findQueueEvents,
  findUnpublishedJobs,
  type PublishedJob,
  type QueueEventRow,
  readEvents,
  readEventsWanted,
  tellEvents,
  terminalSeq,
  type UnpublishedJob,
} from '@baton/persistence';
import type { Timer } from './timer.js';

/** While jobs are on their way whose events are published; and while some queue has events on, but no jobs. */
const openMs = 250;
const wantedMs = 1_000;

/**
 * Publishes to `baton.events` what lies in jobs' logs beyond what was published of them, and what happened to queues.
 *
 * At least once, a job's events in order: they are sent first, and the place is kept then. A leader that was deposed, or
 * died between the two, has sent some that are sent again; a consumer drops what lies at or before the cursor it has.
 */
export class EventsTimer implements Timer {
  readonly name = 'events';

  constructor(
    private readonly database: Database,
    /** Absent without a broker: then nothing is published, and nothing kept for it. */
    private readonly producer: BrokerProducer | undefined,
    private readonly topic: string = topics.events,
  ) {}

  async look() {
    const queues = await this.publishQueueEvents();
    const jobs = await this.publishJobEvents();
    const found = queues + jobs > 0;
    if (queues === limits.batch || jobs === limits.batch) return { found, nextMs: 0 };
    const { open, wanted } = await readEventsWanted(this.database.pool);
    return { found, nextMs: open ? openMs : wanted ? wantedMs : undefined };
  }

  private async publishQueueEvents(): Promise<number> {
    const { pool } = this.database;
    const events = await findQueueEvents(pool, limits.batch);
    if (events.length > 0) await this.producer?.send(this.topic, events.map(queueRecord));
    await deleteQueueEvents(
      pool,
      events.map(({ id }) => id),
    );
    return events.length;
  }

  private async publishJobEvents(): Promise<number> {
    const { pool } = this.database;
    const jobs = await findUnpublishedJobs(pool, limits.batch);
    const asked = jobs.map((job) => ({ jobId: job.jobId, after: job }));
    const logs = await readEvents(pool, asked, limits.eventsPage);
    const told = jobs.map((job, i) => tell(job, logs[i]));
    const records = told.flatMap((each) => each.records);
    if (records.length > 0) await this.producer?.send(this.topic, records);
    await advancePublished(pool, told);
    return jobs.length;
  }
}

function tell(from: UnpublishedJob, log: EventLog | undefined): PublishedJob & { records: OutgoingRecord[] } {
  if (!log) return { from, to: from, done: true, records: [] };
  const { generation } = log.row;
  // Of a job that was replayed meanwhile, the new generation is told from its beginning.
  const after = from.generation === generation ? from.seq : 0;
  const events = tellEvents(log, { after, most: limits.eventsPage });
  const seq = after + events.length;
  const end = terminalSeq(log);
  const { id: jobId, tenantId, queue } = log.row;
  const records = events.map(({ type, seq, atMs, data }): OutgoingRecord => {
    const event = { jobId, tenantId, queue, type, generation, seq, atMs: BigInt(atMs), data: json(data) };
    return {
      key: jobId,
      value: Buffer.from(toBinary(JobEventSchema, create(JobEventSchema, event))),
      headers: { [headers.schema]: JobEventSchema.typeName, [headers.tenant]: tenantId },
    };
  });
  return { from, to: { generation, seq }, done: end !== undefined && seq >= end, records };
}

function queueRecord({ queue, type, atMs, data }: QueueEventRow): OutgoingRecord {
  const event = { queue, type, atMs: BigInt(atMs), data: Buffer.from(data) };
  return {
    key: queue,
    value: Buffer.from(toBinary(QueueEventSchema, create(QueueEventSchema, event))),
    headers: { [headers.schema]: QueueEventSchema.typeName },
  };
}

function json(data: Record<string, unknown>): Buffer {
  return Buffer.from(JSON.stringify(data));
}
