import { trace, TraceFlags, type Context, type Link, type Span, type TimeInput } from '@opentelemetry/api';
import { restoreTrace } from '../carrier/restore-trace.js';
import { ackWakeSpanId } from './ack-wake-span.js';
import {
  failSpan,
  isDrawn,
  startAt,
  underProduce,
  type JobOfSpan,
  type SpanError,
  type SpanPlace,
} from './job-span.js';
import { runSpanId } from './span-ids.js';
import { attributeNames, spanKinds, spanNames } from './span-names.js';

export interface RunOfSpan extends JobOfSpan {
  executionId: string;
  startTime?: TimeInput | undefined;
}

/** How an execution ended. Only with an `error` is the span an ERROR: snooze, cancel and hand-back are not. */
export interface RunEnd {
  outcome: string;
  error?: SpanError | undefined;
  endTime?: TimeInput | undefined;
}

export interface RunSpan {
  span: Span;
  /** The handler runs inside it: `context.with(run.context, …)`, so its own spans become the run's children. */
  context: Context;
  end(options: RunEnd): void;
}

/** `worker.run`: one execution of an attempt, under its derived id. */
export function startRunSpan(run: RunOfSpan): RunSpan {
  if (!isDrawn(run.carrier)) return unsampledRun(run);
  const place = underProduce(run);
  const span = startAt(place, spanNames.run, {
    kind: spanKinds.run,
    spanId: runSpanId(run.jobId, run.attempt, run.executionId),
    startTime: run.startTime,
    links: linkToAckWake(run, place),
    attributes: {
      [attributeNames.operationName]: 'run',
      [attributeNames.operationType]: 'process',
      [attributeNames.executionId]: run.executionId,
    },
  });
  return {
    span,
    context: trace.setSpan(place.context, span),
    end: ({ outcome, error, endTime }) => {
      span.setAttribute(attributeNames.outcome, outcome);
      if (error !== undefined) failSpan(span, error);
      span.end(endTime);
    },
  };
}

/** Draws a whole run after the fact: a replay, from the attempt's row. */
export function recordRun(run: RunOfSpan & RunEnd & { startTime: TimeInput; endTime: TimeInput }): void {
  if (isDrawn(run.carrier)) startRunSpan(run).end(run);
}

/**
 * Ends the run of a worker that is gone, from what its `started` or its claim said: the very span that the worker
 * would have ended, so that what the handler did keeps its parent.
 */
export function endLostRunSpan(run: RunOfSpan & { startTime: TimeInput; endTime: TimeInput }): void {
  recordRun({ ...run, outcome: 'lost', error: { code: 'worker_lost', message: 'the worker is gone' } });
}

function unsampledRun(run: RunOfSpan): RunSpan {
  const { context } = restoreTrace(run.carrier);
  const span =
    trace.getSpan(context) ?? trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: TraceFlags.NONE });
  return { span, context, end: () => undefined };
}

function linkToAckWake(run: RunOfSpan, place: SpanPlace): Link[] {
  const traceId = trace.getSpanContext(place.context)?.traceId ?? place.traceId;
  if (traceId === undefined) return [];
  return [
    { context: { traceId, spanId: ackWakeSpanId(run), traceFlags: TraceFlags.SAMPLED, isRemote: true } },
  ];
}
