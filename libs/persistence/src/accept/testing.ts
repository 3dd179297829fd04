import { createHash } from 'node:crypto';
import { type Channel, priorities } from '@baton/contracts';
import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import type { SeededTenant } from '../testing/seed.js';
import { JobAcceptor } from './job-acceptor.js';
import type { AcceptRequest, NewJob } from './new-job.js';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export function newJob(queue: string, fields: Partial<NewJob> = {}): NewJob {
  return {
    id: uuidv7(),
    queue,
    priority: priorities.normal,
    payload: 'null',
    trace: { traceparent },
    ...fields,
  };
}

/** A request for one job. */
export function requestFor({ tenantId, queue }: SeededTenant, fields: Partial<NewJob> = {}): AcceptRequest {
  return { tenantId, jobs: [newJob(queue, fields)] };
}

export function keyed(request: AcceptRequest, key: string, body = 'body'): AcceptRequest {
  const bodyHash = createHash('sha256').update(body).digest();
  return { ...request, idempotency: { route: 'POST /v1/jobs', key, bodyHash } };
}

/** An acceptor that notes whom it woke; its log fails the test unless it is given one. */
export function testAcceptor(pool: Pool, log?: (message: string, error: Error) => void) {
  const wakes: [Channel, string][] = [];
  const acceptor = new JobAcceptor(pool, {
    wake: (channel, item) => void wakes.push([channel, item]),
    log:
      log ??
      ((message, error) => {
        throw new Error(message, { cause: error });
      }),
  });
  return { acceptor, wakes };
}
