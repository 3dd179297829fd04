import { channels } from '@baton/contracts';
import {
  Database,
  listQueues,
  Notifier,
  patchQueue,
  putQueue,
  readQueue,
  retrying,
  unknownQueue,
} from '@baton/persistence';
import { Scopes } from '@baton/service';
import { Body, Controller, Get, Inject, Param, Patch, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { decodeCursor, namePlace, pageOf, pageSchema } from '../schema/list.schema.js';
import { nameSchema } from '../schema/text.schema.js';
import { patchQueueSchema, putQueueSchema, queueListSchema, queueSchema, showQueue } from './queue.schema.js';

/** Queues and their settings, which belong to the deployment. */
@ApiTags('queues')
@Controller('v1/queues')
export class QueuesController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
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

  @Put(':name')
  @Scopes('queues:admin')
  @ApiOperation({ summary: 'Make a queue, or set it whole: what is left out is the default' })
  @ApiOkResponse({ standardSchema: queueSchema, description: 'It was there and is set' })
  @ApiCreatedResponse({ standardSchema: queueSchema, description: 'It was made' })
  async put(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: putQueueSchema }) { timeout, ...settings }: z.output<typeof putQueueSchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const queue = await retrying(() =>
      putQueue(this.database.pool, name, { ...settings, timeoutMs: timeout }),
    );
    this.notifier.wake(channels.queues, name);
    void reply.code(queue.created ? 201 : 200);
    return showQueue(queue);
  }

  @Patch(':name')
  @Scopes('queues:admin')
  @ApiOperation({ summary: 'Change what is named. A new `dispatchMode` holds for jobs released from now on' })
  @ApiOkResponse({ standardSchema: queueSchema })
  async patch(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: patchQueueSchema }) { timeout, ...changes }: z.output<typeof patchQueueSchema>,
  ) {
    const queue = await retrying(() =>
      patchQueue(this.database.pool, name, { ...changes, timeoutMs: timeout }),
    );
    if (!queue) throw unknownQueue(name);
    this.notifier.wake(channels.queues, name);
    return showQueue(queue);
  }
}
