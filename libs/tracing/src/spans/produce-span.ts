import {
  context as api,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type TimeInput,
} from '@opentelemetry/api';
import { captureTrace } from '../carrier/capture-trace.js';
import type { TraceCarrier } from '../carrier/trace-carrier.js';
import { parseTraceparent } from '../carrier/traceparent.js';
import {
  batonTracer,
  failSpan,
  isDrawn,
  startAt,
  underProduce,
  type JobOfSpan,
  type SpanError,
} from './job-span.js';
import { keepSpan } from './keep-span.js';
import { attributeNames, spanKinds, spanNames } from './span-names.js';
import { startTraceFor, type TraceModeOptions } from './trace-mode.js';

export interface ProduceSpanOptions extends TraceModeOptions {
  jobId: string;
  tenant: string;
  queue: string;
  /** The request's context (`requestContext`), by default the active one. */
  parent?: Context | undefined;
  startTime?: TimeInput | undefined;
}

export interface ProduceSpan {
  context: Context;
  /** What is stored with the job and travels, unchanged, from here on. */
  carrier: TraceCarrier;
  /** Once, after the job's transaction: with the error when it did not commit. */
  end(options?: { endTime?: TimeInput | undefined; error?: SpanError | undefined }): void;
}

/**
 * `produce.<queue>`: the acceptance of one job, whose context is the job's. Call it when the job is accepted; its
 * carrier goes into the job's row, in the job's own transaction.
 */
export function startProduceSpan(options: ProduceSpanOptions): ProduceSpan {
  const { context: parent, links } = startTraceFor(options, options.parent ?? api.active());
  if (isUnsampled(parent)) return { context: parent, carrier: captureTrace(parent), end: nothing };
  const { startTime } = options;
  const span = batonTracer().startSpan(
    `${spanNames.produce}.${options.queue}`,
    {
      kind: spanKinds.produce,
      attributes: produceAttributes(options),
      links,
      ...(startTime === undefined ? {} : { startTime }),
    },
    parent,
  );
  const context = trace.setSpan(parent, span);
  return {
    context,
    carrier: captureTrace(context),
    end: ({ endTime, error } = {}) => {
      if (error !== undefined) failSpan(span, error);
      span.end(endTime);
    },
  };
}

/**
 * Draws `produce.<queue>` again from what is stored: with the ids of the job's carrier, as the trace's root, since
 * the request that it once belonged to is not on record.
 */
export function recordProduce(job: JobOfSpan & { startTime: TimeInput; endTime: TimeInput }): void {
  const ids = job.carrier && parseTraceparent(job.carrier.traceparent);
  if (ids === undefined || !isDrawn(job.carrier)) return;
  const { attributes } = underProduce(job);
  const place = { context: keepSpan(ROOT_CONTEXT), traceId: ids.traceId, attributes };
  const { spanId } = ids;
  startAt(place, `${spanNames.produce}.${job.queue}`, {
    kind: spanKinds.produce,
    spanId,
    attributes: produceAttributes(job),
    startTime: job.startTime,
  }).end(job.endTime);
}

/** A child of an unsampled span would be unsampled too; its parent's context serves as well and costs nothing. */
function isUnsampled(parent: Context): boolean {
  const span = trace.getSpanContext(parent);
  return span !== undefined && isSpanContextValid(span) && (span.traceFlags & TraceFlags.SAMPLED) === 0;
}

function produceAttributes(job: { jobId: string; tenant: string; queue: string }): Attributes {
  return {
    [attributeNames.messagingSystem]: 'postgresql',
    [attributeNames.operationName]: 'produce',
    [attributeNames.operationType]: 'create',
    [attributeNames.destination]: job.queue,
    [attributeNames.conversationId]: job.jobId,
    [attributeNames.jobId]: job.jobId,
    [attributeNames.queue]: job.queue,
    [attributeNames.tenant]: job.tenant,
  };
}

function nothing(): void {
  // An unsampled job has no span to end.
}
