import { type EventCursor, formatCursor } from '@baton/contracts';
import {
  EventTail,
  KeyHolds,
  PollGuard,
  RetryLearner,
  preferredWait,
  type Wait,
  adviceHeader,
} from '@baton/results';
import { type Caller, holderOf, idSchema, JobTokenAllowed, Principal, Scopes } from '@baton/service';
import { channelConnections } from '@baton/tracing';
import { Controller, Get, Headers, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Acknowledgements } from './acknowledgements.js';
import { eventsPageSchema, eventsQuerySchema, readCursor } from './event.schema.js';
import { EventStreams } from './event-streams.js';
import { streamCookie } from './stream-session.controller.js';

/** A job's events in order, by poll, long-poll or SSE; the cursor of one is the cursor of all. */
@ApiTags('results')
@Controller('v1/results')
export class EventsController {
  constructor(
    @Inject(EventTail) private readonly tail: EventTail,
    @Inject(EventStreams) private readonly streams: EventStreams,
    @Inject(KeyHolds) private readonly holds: KeyHolds,
    @Inject(RetryLearner) private readonly learner: RetryLearner,
    @Inject(PollGuard) private readonly guard: PollGuard,
    @Inject(Acknowledgements) private readonly acknowledgements: Acknowledgements,
  ) {}

  @Get(':jobId/events')
  @Scopes('jobs:read')
  @JobTokenAllowed({ param: 'jobId', cookie: streamCookie })
  @ApiOperation({
    summary: 'The events of a job after a cursor; a stream of them for `Accept: text/event-stream`',
  })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N: hold the request up to N ≤ 60 s' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'the cursor of the last event had' })
  @ApiOkResponse({ standardSchema: eventsPageSchema, description: 'The events; or text/event-stream' })
  @ApiNoContentResponse({ description: 'Of a stream: the client has the last event; do not come again' })
  async read(
    @Param('jobId', { schema: idSchema }) jobId: string,
    @Query({ schema: eventsQuerySchema }) query: z.output<typeof eventsQuerySchema>,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Headers('prefer') prefer: string | undefined,
    @Principal() caller: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // A browser that reconnects sends the header, and the address of its first connection with it.
    const after = readCursor(lastEventId, 'Last-Event-ID') ?? readCursor(query.cursor, 'cursor');
    if (/\btext\/event-stream\b/.test(request.headers.accept ?? ''))
      return this.streams.serve(jobId, { after, caller, reply });
    await this.poll(jobId, { after, wait: preferredWait(prefer, Math.random()), caller, reply });
  }

  private async poll(
    jobId: string,
    {
      after,
      wait: { ms, advice },
      caller,
      reply,
    }: { after: EventCursor | undefined; wait: Wait; caller: Caller; reply: FastifyReply },
  ): Promise<void> {
    const giveBack = ms > 0 ? this.holds.take(holderOf(caller)) : undefined;
    const held = channelConnections.labels('long-poll');
    if (ms > 0) held.inc();
    const watch = this.tail.watch(jobId, { tenantId: caller.tenantId, after });
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    reply.raw.once('close', onClose);
    try {
      const { events, cursor, terminal, row } = await watch.next({ ms, signal: gone.signal });
      const { tenantId } = row;
      // Who asks with the place of the end has the end.
      if (terminal && events.length === 0 && after)
        await this.acknowledgements.tell({
          tenantId,
          jobId,
          cursor: after,
          channel: ms > 0 ? 'long-poll' : 'poll',
        });
      const now = Date.now();
      const retryAfterSeconds = this.learner.retryAfterSeconds(row, now);
      if (!terminal) void reply.header('retry-after', retryAfterSeconds);
      const vain = !terminal && ms === 0 && events.length === 0;
      const who = `${holderOf(caller)}/${jobId}/events`;
      const words = advice ?? (vain ? this.guard.looked(who, retryAfterSeconds, now) : undefined);
      if (words !== undefined) void reply.header(adviceHeader, words);
      if (ms > 0) void reply.header('preference-applied', `wait=${Math.round(ms / 1_000)}`);
      void reply
        .header('cache-control', 'private, no-cache')
        .header('vary', 'Accept, Prefer')
        .send({ items: events, cursor: formatCursor(cursor), terminal });
    } finally {
      reply.raw.off('close', onClose);
      watch.close();
      if (ms > 0) held.dec();
      giveBack?.();
    }
  }
}
