import type { Standing, TerminalOutcome } from '@baton/persistence';
import { traceIdOf } from '@baton/tracing';
import { z } from 'zod';

export const resultSchema = z
  .object({
    id: z.uuid(),
    state: z.literal('succeeded'),
    result: z
      .unknown()
      .describe(
        'what the handler returned; for a file {file: {url, mediaType, name, size, sha256, expiresAt}}',
      ),
    finishedAt: z.iso.datetime(),
    attempt: z.int(),
    cursor: z.string().describe('generation:seq, the place in the event log of the job'),
    traceId: z.string().optional(),
  })
  .meta({ id: 'Result' });

export const pendingSchema = z
  .object({
    id: z.uuid(),
    state: z.enum(['scheduled', 'held', 'queued', 'running']),
    cursor: z.string(),
  })
  .meta({ id: 'ResultPending' });

/** The body of a result that is there. */
export function resultBody(outcome: TerminalOutcome, result: unknown): z.infer<typeof resultSchema> {
  const { jobId: id, attempt, cursor, finishedAtMs, traceparent } = outcome;
  const traceId = traceparent === null ? undefined : traceIdOf({ traceparent });
  const finishedAt = new Date(finishedAtMs).toISOString();
  return {
    id,
    state: 'succeeded',
    result,
    finishedAt,
    attempt,
    cursor,
    ...(traceId === undefined ? {} : { traceId }),
  };
}

export function pendingBody({
  jobId: id,
  state,
  cursor,
}: Extract<Standing, { terminal: false }>): z.infer<typeof pendingSchema> {
  return { id, state, cursor };
}
