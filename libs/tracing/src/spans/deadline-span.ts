import type { TimeInput } from '@opentelemetry/api';
import { deadlineFired } from '../metrics/continuity.js';
import { failSpan, isDrawn, startAt, underProduce, type JobOfSpan } from './job-span.js';
import { derivedSpanId } from './span-ids.js';
import { attributeNames, spanKinds, spanNames } from './span-names.js';

export interface DeadlineOptions extends JobOfSpan {
  /** From when the job was due until now, when its completion should have been seen. */
  startTime: TimeInput;
  endTime: TimeInput;
  /** The last checkpoint that it has reached: `queued`, `published`, `started` … */
  stuckAt: string;
}

/** `job.deadline`, an ERROR: no completion was seen by the expected time. Counted for unsampled jobs too. */
export function recordDeadline(options: DeadlineOptions): void {
  deadlineFired.inc({ queue: options.queue });
  if (!isDrawn(options.carrier)) return;
  const span = startAt(underProduce(options), spanNames.deadline, {
    kind: spanKinds.deadline,
    spanId: derivedSpanId('deadline', options.jobId, options.attempt, options.stuckAt),
    startTime: options.startTime,
    attributes: { [attributeNames.stuckAt]: options.stuckAt },
  });
  failSpan(span, { code: 'overdue', message: `no completion in time; stuck at ${options.stuckAt}` });
  span.end(options.endTime);
}
