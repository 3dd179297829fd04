import { counter } from './define-metric.js';

export const traceBroken = counter(
  'baton_trace_broken_total',
  'Hand-overs with a broken trace: the context was missing or malformed, or a completion named another trace than its job',
  ['reason'],
);

export const deadlineFired = counter(
  'baton_deadline_fired_total',
  'Jobs whose completion was not seen by the time they named',
  ['queue'],
);

export const wakeLost = counter(
  'baton_wake_lost_total',
  'Released jobs that no worker heard of, found and released again',
  ['queue'],
);

export const spansDropped = counter(
  'baton_spans_dropped_total',
  'Spans lost before a collector had them: the queue was full, or the export failed',
  ['reason'],
);

/** Counts a completion that names another trace than its job's; true when they agree or nothing is known of one. */
export function checkTraceId(jobTraceId: string | undefined, completionTraceId: string | undefined): boolean {
  const agree =
    jobTraceId === undefined || completionTraceId === undefined || jobTraceId === completionTraceId;
  if (!agree) traceBroken.inc({ reason: 'other_trace' });
  return agree;
}
