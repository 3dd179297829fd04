import { fromBinary } from '@bufbuild/protobuf';
import {
  ControlSchema,
  topics,
  type CancelledJob,
  type GrantedExecution,
  type QueueControl,
  type RefusedExecution,
} from '@baton/contracts';
import type { Broker, BrokerReader, IncomingRecord } from '@baton/messaging';
import type { Log } from '../log.js';
import { CancelledJobs } from './cancelled-jobs.js';

/**
 * Reads the whole of `baton.control`, as every event worker does, and tells of what concerns this one.
 * reading → caught up (all that was there at the start is known) → stopped.
 */
export class ControlReader {
  /** All cancels that are under way, as far as it has read. */
  readonly cancelled = new CancelledJobs();
  private readonly reader: BrokerReader;

  constructor(
    broker: Broker,
    private readonly options: {
      workerId: string;
      log: Log;
      onRefused: (refused: RefusedExecution) => void;
      onGranted: (granted: GrantedExecution) => void;
      onCancelled: (job: CancelledJob) => void;
      /** Each queue's last word is read before it has caught up. */
      onQueue: (queue: QueueControl) => void;
    },
  ) {
    this.reader = broker.reader({
      topics: [topics.control],
      groupPrefix: 'baton.control',
      maxWaitMs: 1_000,
      onRecords: ({ records }) => {
        for (const record of records) this.read(record);
      },
    });
  }

  /** Resolves when it has caught up; rejects when it is stopped before. */
  async start(): Promise<void> {
    await this.reader.start();
    await this.reader.caughtUp;
  }

  stop(): Promise<void> {
    return this.reader.stop();
  }

  private read({ key, value, partition, offset }: IncomingRecord): void {
    if (value === null) return this.cancelled.forget(key?.toString() ?? '');
    try {
      const { control } = fromBinary(ControlSchema, value);
      if (control.case === 'refused' && control.value.workerId === this.options.workerId)
        this.options.onRefused(control.value);
      if (control.case === 'granted' && control.value.workerId === this.options.workerId)
        this.options.onGranted(control.value);
      if (control.case === 'cancelled') {
        this.cancelled.add(control.value);
        this.options.onCancelled(control.value);
      }
      if (control.case === 'queue') this.options.onQueue(control.value);
    } catch (error) {
      // Nothing can be done about it here, and what it said concerns one execution at most.
      this.options.log.error(
        { err: error, partition, offset: String(offset) },
        'a control record cannot be read and is passed over',
      );
    }
  }
}
