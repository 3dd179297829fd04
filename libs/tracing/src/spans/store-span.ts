import type { TimeInput } from '@opentelemetry/api';
import { failSpan, isDrawn, startAt, underRun, type JobOfSpan, type SpanError } from './job-span.js';
import { derivedSpanId } from './span-ids.js';
import { attributeNames, spanKinds, spanNames } from './span-names.js';

export type ResultTier = 'postgresql' | 'redis' | 's3';

export interface StoreOptions extends JobOfSpan {
  executionId?: string | undefined;
  tier: ResultTier;
  startTime: TimeInput;
  endTime: TimeInput;
  error?: SpanError | undefined;
}

/** `result.store`: a result's copy written to one tier. */
export function recordStore(options: StoreOptions): void {
  if (!isDrawn(options.carrier)) return;
  const span = startAt(underRun(options), spanNames.store, {
    kind: spanKinds.store,
    spanId: derivedSpanId('store', options.jobId, options.attempt, options.executionId ?? '', options.tier),
    startTime: options.startTime,
    attributes: { [attributeNames.tier]: options.tier },
  });
  if (options.error !== undefined) failSpan(span, options.error);
  span.end(options.endTime);
}
