import { traceParents } from '../contenders/baton/trace-parents.js';
import { uuidv7 } from 'uuidv7';
import type { PlainJob } from './plain-tables.sql.js';

/** Jobs as the drain's are: a small payload, and a trace context. */
export function sampleJobs(count: number): PlainJob[] {
  const nextTrace = traceParents(0);
  return Array.from({ length: count }, (_, n) => ({
    id: uuidv7(),
    payload: JSON.stringify({ n }),
    ...nextTrace(),
  }));
}
