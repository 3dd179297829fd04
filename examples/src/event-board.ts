import { fromBinary } from '@bufbuild/protobuf';
import { headers, type JobEvent, JobEventSchema, type QueueEvent, QueueEventSchema } from '@baton/contracts';

/** A record of `baton.events`, as any Kafka client gives it. */
export interface EventRecord {
  value: Uint8Array | null;
  headers: Readonly<Record<string, string>>;
}

/**
 * A consumer of `baton.events`: what each job last did. Records come at least once, and a job's in order: what lies at or
 * before the place that is known already is a repetition.
 */
export class EventBoard {
  readonly jobs = new Map<string, JobEvent>();
  readonly queues = new Map<string, QueueEvent>();
  repeated = 0;

  take({ value, headers: given }: EventRecord): void {
    if (value === null) return;
    switch (given[headers.schema]) {
      case JobEventSchema.typeName:
        return this.takeJobEvent(fromBinary(JobEventSchema, value));
      case QueueEventSchema.typeName: {
        const event = fromBinary(QueueEventSchema, value);
        this.queues.set(event.queue, event);
        return;
      }
      // A schema of a later release is passed over.
    }
  }

  private takeJobEvent(event: JobEvent): void {
    const known = this.jobs.get(event.jobId);
    const older =
      known &&
      (event.generation < known.generation ||
        (event.generation === known.generation && event.seq <= known.seq));
    if (older) this.repeated++;
    else this.jobs.set(event.jobId, event);
  }
}
