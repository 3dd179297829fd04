import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { TraceCarrier } from '../carrier/trace-carrier.js';
import { recordAckWake } from '../spans/ack-wake-span.js';
import { startDeliverSpan, type DeliveryChannel } from '../spans/deliver-span.js';
import { startProduceSpan } from '../spans/produce-span.js';
import { recordPublishBatch } from '../spans/publish-span.js';
import { endLostRunSpan, startRunSpan, type RunEnd } from '../spans/run-span.js';
import { recordSettleBatch } from '../spans/settle-span.js';
import { recordStore } from '../spans/store-span.js';

/** Epoch milliseconds; the SDK takes small numbers for its own clock's. */
const t0 = 1_700_000_000_000;

/**
 * Takes one job through the hops by the functions that the services call, each hop knowing only what the services'
 * own would: the stored carrier and its facts. Time stands still but for one millisecond a hop.
 */
export class Journey {
  carrier: TraceCarrier | undefined;
  attempt = 1;
  execution = 1;
  private at = t0;

  constructor(readonly jobId = 'job-1') {}

  accept(): this {
    const times = this.hop();
    const produce = startProduceSpan({ ...this.job, parent: ROOT_CONTEXT, startTime: times.startTime });
    produce.end(times);
    this.carrier = produce.carrier;
    return this;
  }

  publish(offset = 1): this {
    recordPublishBatch({
      topic: 'baton.jobs.echo',
      ...this.hop(),
      jobs: [{ ...this.job, outboxId: 10, partition: 0, offset }],
    });
    return this;
  }

  wake(system: 'kafka' | 'postgresql' = 'kafka'): this {
    const { startTime, endTime } = this.hop();
    recordAckWake({
      ...this.run,
      system,
      destination: 'echo',
      releasedAt: t0,
      receivedAt: startTime,
      takenAt: endTime,
    });
    return this;
  }

  runs(end: RunEnd): this {
    const times = this.hop();
    startRunSpan({ ...this.run, ...times }).end({ ...end, ...times });
    return this;
  }

  dies(): this {
    endLostRunSpan({ ...this.run, ...this.hop() });
    return this;
  }

  settle(outcome: string, via: 'inbox' | 'worker' = 'inbox'): this {
    recordSettleBatch({ via, ...this.hop(), jobs: [{ ...this.run, outcome }] });
    return this;
  }

  deliver(channel: DeliveryChannel, httpStatus = 200, deliveryAttempt?: number): this {
    if (deliveryAttempt === undefined) recordStore({ ...this.run, tier: 'redis', ...this.hop() });
    const times = this.hop();
    const ids = deliveryAttempt === undefined ? {} : { deliveryId: 'delivery-1', deliveryAttempt };
    const failed = httpStatus >= 400 ? { error: { code: 'webhook_refused' } } : {};
    startDeliverSpan({ ...this.run, channel, ...ids, ...times }).end({ httpStatus, ...failed, ...times });
    return this;
  }

  again(): this {
    this.attempt += 1;
    this.execution += 1;
    return this;
  }

  get run() {
    return { ...this.job, executionId: `execution-${this.execution}` };
  }

  get job() {
    return { jobId: this.jobId, tenant: 'acme', queue: 'echo', attempt: this.attempt, carrier: this.carrier };
  }

  hop(): { startTime: number; endTime: number } {
    this.at += 2;
    return { startTime: this.at - 1, endTime: this.at };
  }
}
