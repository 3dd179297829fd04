import { channels } from '@baton/contracts';
import {
  Database,
  listQueues,
  moveQueue,
  Notifier,
  patchQueue,
  putQueue,
  readQueue,
  readQueueStats,
  retrying,
  unknownQueue,
} from '@baton/persistence';
import {
  compileSchema,
  decodeCursor,
  namePlace,
  nameSchema,
  pageOf,
  pageSchema,
  Scopes,
} from '@baton/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { KnownQueues } from './known-queues.js';
import { patchQueueSchema, putQueueSchema, queueListSchema, queueSchema, showQueue } from './queue.schema.js';
import { queueStatsSchema, showQueueStats } from './queue-stats.schema.js';
import { changesOf, settingsOf } from './settings-of.js';

/** Queues and their settings, which belong to the deployment. */
@ApiTags('queues')
@Controller('v1/queues')
export class QueuesController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
    @Inject(KnownQueues) private readonly known: KnownQueues,
  ) {}

  @Get()
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'Queues, by name' })
  @ApiOkResponse({ standardSchema: queueListSchema })
  async list(@Query({ schema: pageSchema }) { cursor, limit }: z.output<typeof pageSchema>) {
    const after = decodeCursor(cursor, namePlace);
    const rows = await retrying(() => listQueues(this.database.pool, { after, limit: limit + 1 }));
    return pageOf(rows, limit, { show: showQueue, cursor: (queue) => queue.name });
  }

  @Get(':name')
  @Scopes('jobs:read')
  @ApiOperation({ summary: "A queue's settings" })
  @ApiOkResponse({ standardSchema: queueSchema })
  async read(@Param('name', { schema: nameSchema }) name: string) {
    const queue = await retrying(() => readQueue(this.database.pool, name));
    if (!queue) throw unknownQueue(name);
    return showQueue(queue);
  }

  @Get(':name/stats')
  @Scopes('ops:read')
  @ApiOperation({
    summary: 'How a queue stands, all tenants together: depth, backlog, rates, waits and runs',
  })
  @ApiOkResponse({ standardSchema: queueStatsSchema })
  async stats(@Param('name', { schema: nameSchema }) name: string) {
    const { pool } = this.database;
    const [queue, stats] = await retrying(() =>
      Promise.all([readQueue(pool, name), readQueueStats(pool, name, Date.now())]),
    );
    if (!queue) throw unknownQueue(name);
    return showQueueStats(name, stats);
  }

  @Put(':name')
  @Scopes('queues:admin')
  @ApiOperation({ summary: 'Make a queue, or set it whole: what is left out is the default' })
  @ApiOkResponse({ standardSchema: queueSchema, description: 'It was there and is set' })
  @ApiCreatedResponse({ standardSchema: queueSchema, description: 'It was made' })
  async put(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: putQueueSchema }) settings: z.output<typeof putQueueSchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (settings.schema !== null) compileSchema(settings.schema);
    const made = await retrying(() => putQueue(this.database.pool, name, settingsOf(settings)));
    const queue = (await this.pauseOrResume(name, settings.paused)) ?? made;
    await this.tell(name);
    void reply.code(made.created ? 201 : 200);
    return showQueue(queue);
  }

  @Patch(':name')
  @Scopes('queues:admin')
  @ApiOperation({ summary: 'Change what is named. A new `dispatchMode` holds for jobs released from now on' })
  @ApiOkResponse({ standardSchema: queueSchema })
  async patch(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: patchQueueSchema }) changes: z.output<typeof patchQueueSchema>,
  ) {
    if (changes.schema != null) compileSchema(changes.schema);
    const patched = await retrying(() => patchQueue(this.database.pool, name, changesOf(changes)));
    if (!patched) throw unknownQueue(name);
    const queue = (await this.pauseOrResume(name, changes.paused)) ?? patched;
    await this.tell(name);
    return showQueue(queue);
  }

  @Post(':name/pause')
  @HttpCode(200)
  @Scopes('queues:admin')
  @ApiOperation({ summary: 'Release, claim and fetch nothing more of the queue; what runs goes on' })
  @ApiOkResponse({ standardSchema: queueSchema })
  pause(@Param('name', { schema: nameSchema }) name: string) {
    return this.move(name, 'pause');
  }

  @Post(':name/resume')
  @HttpCode(200)
  @Scopes('queues:admin')
  @ApiOperation({ summary: 'End a pause or a drain' })
  @ApiOkResponse({ standardSchema: queueSchema })
  resume(@Param('name', { schema: nameSchema }) name: string) {
    return this.move(name, 'resume');
  }

  @Post(':name/drain')
  @HttpCode(200)
  @Scopes('queues:admin')
  @ApiOperation({ summary: 'Take no new jobs (`409`) and run what is there, until it is resumed' })
  @ApiOkResponse({ standardSchema: queueSchema })
  drain(@Param('name', { schema: nameSchema }) name: string) {
    return this.move(name, 'drain');
  }

  private async move(name: string, move: 'pause' | 'resume' | 'drain') {
    const queue = await retrying(() => moveQueue(this.database.pool, name, move));
    if (!queue) throw unknownQueue(name);
    await this.tell(name);
    return showQueue(queue);
  }

  private async pauseOrResume(name: string, paused: boolean | undefined) {
    if (paused === undefined) return undefined;
    return retrying(() => moveQueue(this.database.pool, name, paused ? 'pause' : 'unpause'));
  }

  /** Relays and other producers hear of the change; this process's door knows it before the answer goes. */
  private async tell(name: string): Promise<void> {
    this.notifier.wake(channels.queues, name);
    // Workers that were told while it was paused that there are jobs have found none.
    this.notifier.wake(channels.jobs, name);
    await this.known.refresh();
  }
}
