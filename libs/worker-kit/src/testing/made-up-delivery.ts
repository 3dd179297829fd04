import { randomUUID } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { Delivery } from '../execution/delivery.js';

/** All that a test need not say of a job. */
export function madeUpDelivery(): Omit<Delivery, 'queue' | 'payload'> {
  const now = Date.now();
  return {
    jobId: uuidv7(),
    tenantId: randomUUID(),
    attempt: 1,
    failures: 0,
    maxAttempts: 5,
    executionId: uuidv7(),
    workerId: uuidv7(),
    orderingKey: undefined,
    timeoutMs: 60_000,
    deadlineAtMs: undefined,
    follows: false,
    careful: false,
    checkpoint: undefined,
    createdAtMs: now,
    queuedAtMs: now,
    carrier: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00` },
    arrival: { system: 'postgresql' },
  };
}
