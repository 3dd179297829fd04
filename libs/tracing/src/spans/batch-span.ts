import {
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Link,
  type Span,
  type SpanKind,
  type TimeInput,
} from '@opentelemetry/api';
import type { TraceCarrier } from '../carrier/trace-carrier.js';
import { parseTraceparent } from '../carrier/traceparent.js';
import { batonTracer } from './job-span.js';
import { keepSpan } from './keep-span.js';

/** The SDK drops a span's links beyond this many. */
export const maxLinks = 128;

export interface BatchSpanOptions {
  kind: SpanKind;
  startTime: TimeInput;
  attributes: Attributes;
}

/**
 * A batch's own span: the root of a trace of its own, since it belongs to none of its jobs more than to another,
 * with links to the first 128 of the jobs that are drawn. It is kept whenever one of them is.
 */
export function startBatchSpan(
  name: string,
  drawn: readonly { carrier: TraceCarrier | undefined }[],
  options: BatchSpanOptions,
): Span {
  return batonTracer().startSpan(name, { ...options, links: linksTo(drawn) }, keepSpan(ROOT_CONTEXT));
}

/** The link from a job's span back to its batch. */
export function linkTo(span: Span | undefined): Link[] {
  const context = span?.spanContext();
  return context === undefined || !trace.isSpanContextValid(context) ? [] : [{ context }];
}

function linksTo(jobs: readonly { carrier: TraceCarrier | undefined }[]): Link[] {
  const links: Link[] = [];
  for (const { carrier } of jobs) {
    const ids = carrier && parseTraceparent(carrier.traceparent);
    if (ids !== undefined) links.push({ context: { ...ids, isRemote: true } });
    if (links.length === maxLinks) break;
  }
  return links;
}
