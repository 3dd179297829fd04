import {
  diag,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type TimeInput,
} from '@opentelemetry/api';
import { isSampled } from '../carrier/carrier-ids.js';
import { restoreTrace } from '../carrier/restore-trace.js';
import type { TraceCarrier } from '../carrier/trace-carrier.js';
import { keepSpan } from './keep-span.js';
import { derivedTraceId, runSpanId, withIds } from './span-ids.js';
import { attributeNames } from './span-names.js';

/** The one tracer of all spans made by hand. Asked for each time: an SDK may be registered after this module loads. */
export function batonTracer(): ReturnType<typeof trace.getTracer> {
  return trace.getTracer('baton');
}

/** What every span of a job says. Times everywhere are epoch milliseconds, a Date, or OpenTelemetry's hrtime. */
export interface JobOfSpan {
  jobId: string;
  tenant: string;
  queue: string;
  attempt: number;
  /** The context stored with the job. */
  carrier: TraceCarrier | undefined;
}

/** A failed attempt: our error code, and the message, of which the first characters are shown. */
export interface SpanError {
  code: string;
  message?: string | undefined;
}

/** A status message is a hint for a human; the whole error is on the job. */
const messageChars = 256;

/** Where a job's span belongs. */
export interface SpanPlace {
  context: Context;
  /** Set for a job without a usable context: the trace that all its hops agree on. */
  traceId?: string;
  attributes: Attributes;
}

/** A sampled context, or none at all, which is always looked at: it should not happen. */
export function isDrawn(carrier: TraceCarrier | undefined): boolean {
  return carrier === undefined || carrier.traceparent.length !== 55 || isSampled(carrier);
}

/** Under the job's `produce` span, where hops up to the run belong. */
export function underProduce(job: JobOfSpan): SpanPlace {
  const { context, broken } = restoreTrace(job.carrier);
  const attributes = jobAttributes(job);
  if (broken === undefined) return { context, attributes };
  attributes[attributeNames.traceBroken] = broken;
  return { context: keepSpan(ROOT_CONTEXT), traceId: derivedTraceId(job.jobId), attributes };
}

/** Under the execution's `worker.run`, where what follows it belongs; under `produce` when nothing ran. */
export function underRun(job: JobOfSpan & { executionId?: string | undefined }): SpanPlace {
  const place = underProduce(job);
  if (job.executionId === undefined) return place;
  place.attributes[attributeNames.executionId] = job.executionId;
  const carried = trace.getSpanContext(place.context);
  const run: SpanContext = {
    traceId: carried?.traceId ?? place.traceId ?? derivedTraceId(job.jobId),
    spanId: runSpanId(job.jobId, job.attempt, job.executionId),
    traceFlags: carried?.traceFlags ?? TraceFlags.SAMPLED,
    isRemote: true,
    ...(carried?.traceState === undefined ? {} : { traceState: carried.traceState }),
  };
  return { context: trace.setSpanContext(place.context, run), attributes: place.attributes };
}

export interface StartSpan {
  kind: SpanKind;
  spanId?: string | undefined;
  attributes?: Attributes;
  links?: Link[];
  startTime?: TimeInput | undefined;
}

/** Starts a span at a place. Attributes are given at the start, where a sampler sees them. */
export function startAt(place: SpanPlace, name: string, options: StartSpan): Span {
  const { spanId, kind, links, startTime } = options;
  const span = withIds({ spanId, traceId: place.traceId }, () =>
    batonTracer().startSpan(
      name,
      {
        kind,
        attributes: { ...place.attributes, ...options.attributes },
        ...(links === undefined ? {} : { links }),
        ...(startTime === undefined ? {} : { startTime }),
      },
      place.context,
    ),
  );
  if (spanId !== undefined && span.isRecording() && span.spanContext().spanId !== spanId) warnOfForeignIds();
  return span;
}

let warned = false;

/** An SDK of the application's own, without our ids: what should hang under a run will be orphaned. */
function warnOfForeignIds(): void {
  if (warned) return;
  warned = true;
  diag.warn(
    'baton: this OpenTelemetry SDK gives spans random ids, so the traces of jobs will have gaps; ' +
      'give it `idGenerator: new DerivedIdGenerator(new RandomIdGenerator())`',
  );
}

/** ERROR is for what failed; every other end leaves the status unset. */
export function failSpan(span: Span, error: SpanError): void {
  span.setAttribute(attributeNames.errorType, error.code);
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(error.message === undefined ? {} : { message: error.message.slice(0, messageChars) }),
  });
}

function jobAttributes(job: JobOfSpan): Attributes {
  return {
    [attributeNames.conversationId]: job.jobId,
    [attributeNames.jobId]: job.jobId,
    [attributeNames.attempt]: job.attempt,
    [attributeNames.queue]: job.queue,
    [attributeNames.tenant]: job.tenant,
  };
}
