import { BatonError, channels, jobStates, priorities } from '@baton/contracts';
import {
  CronRuns,
  Database,
  deleteSchedule,
  JobAcceptor,
  listSchedules,
  Notifier,
  pauseSchedule,
  putSchedule,
  readNow,
  readSchedule,
  retrying,
  type ScheduledJob,
  type ScheduleRow,
} from '@baton/persistence';
import {
  type Caller,
  decodeCursor,
  invalidRequest,
  namePlace,
  nameSchema,
  pageSchema,
  Principal,
  Scopes,
} from '@baton/service';
import { startProduceSpan } from '@baton/tracing';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { payloadOfJob } from '../jobs/payload-text.js';
import { UploadSealer } from '../uploads/upload-sealer.js';
import { rawBodyOf } from '../jobs/raw-json-body.js';
import { QueueDoor } from '../queues/door.js';
import {
  putScheduleSchema,
  scheduleListSchema,
  type ScheduleInput,
  scheduleSchema,
} from './schedule.schema.js';
import { jobOf, showSchedule } from './show-schedule.js';

const name = { schema: nameSchema };
const json = 'application/json; charset=utf-8';
const triggeredSchema = z.object({ id: z.uuid(), state: z.enum(jobStates) }).meta({ id: 'TriggeredJob' });

/** The cron schedules of the caller's tenant; the relay's timers fire them. */
@ApiTags('schedules')
@Controller('v1/schedules')
export class SchedulesController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
    @Inject(QueueDoor) private readonly door: QueueDoor,
    @Inject(JobAcceptor) private readonly acceptor: JobAcceptor,
    @Inject(UploadSealer) private readonly uploads: UploadSealer,
  ) {}

  @Get()
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'Schedules, by name' })
  @ApiOkResponse({ standardSchema: scheduleListSchema })
  async list(
    @Query({ schema: pageSchema }) { cursor, limit }: z.output<typeof pageSchema>,
    @Principal() { tenantId }: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const after = decodeCursor(cursor, namePlace);
    const rows = await retrying(() =>
      listSchedules(this.database.pool, tenantId, { after, limit: limit + 1 }),
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const next = last ? `,"nextCursor":"${Buffer.from(last.name).toString('base64url')}"` : '';
    const items = rows.slice(0, limit).map(showSchedule);
    void reply.header('content-type', json).send(`{"items":[${items.join(',')}]${next}}`);
  }

  @Get(':name')
  @Scopes('jobs:read')
  @ApiOperation({ summary: 'A schedule with its next five runs and its last one' })
  @ApiOkResponse({ standardSchema: scheduleSchema })
  async read(
    @Param('name', name) of: string,
    @Principal() caller: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.find(caller, of));
  }

  @Put(':name')
  @Scopes('jobs:write')
  @ApiOperation({
    summary: 'Make a schedule, or set it whole: what is left out is the default. New times count from now on',
  })
  @ApiOkResponse({ standardSchema: scheduleSchema, description: 'It was there and is set' })
  @ApiCreatedResponse({ standardSchema: scheduleSchema, description: 'It was made' })
  async put(
    @Param('name', name) of: string,
    @Body({ schema: putScheduleSchema }) input: ScheduleInput,
    @Principal() { tenantId }: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { queue, cron, timezone, jitter, catchUp, paused } = input;
    const payload = payloadOfJob(rawBodyOf(request).text);
    this.uploads.refuse(payload, 'payload');
    const job = JSON.stringify(jobOf(input, priorities[input.priority]));
    await this.door.fits({ queue, payload: input.payload });
    const row = await retrying(async () => {
      const { pool } = this.database;
      const nextAtMs = firstRun({ cron, timezone }, await readNow(pool));
      const settings = { queue, cron, timezone, payload, job, jitterMs: jitter, catchUp, paused };
      return putSchedule(pool, { ...settings, tenantId, name: of, nextAtMs });
    });
    this.notifier.wake(channels.schedules, '1');
    send(reply.code(row.created ? 201 : 200), row);
  }

  @Delete(':name')
  @HttpCode(204)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Delete a schedule; the jobs that it has made stay' })
  @ApiNoContentResponse()
  async remove(@Param('name', name) of: string, @Principal() { tenantId }: Caller): Promise<void> {
    if (!(await retrying(() => deleteSchedule(this.database.pool, tenantId, of)))) throw unknown(of);
  }

  @Post(':name/pause')
  @HttpCode(200)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Fire nothing until it is resumed; runs of that time are not made up for' })
  @ApiOkResponse({ standardSchema: scheduleSchema })
  async pause(
    @Param('name', name) of: string,
    @Principal() caller: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.setPaused(caller, of, true));
  }

  @Post(':name/resume')
  @HttpCode(200)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Go on from now' })
  @ApiOkResponse({ standardSchema: scheduleSchema })
  async resume(
    @Param('name', name) of: string,
    @Principal() caller: Caller,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.setPaused(caller, of, false));
  }

  @Post(':name/trigger')
  @HttpCode(202)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Make its job now, beside its runs; also while it is paused' })
  @ApiAcceptedResponse({ standardSchema: triggeredSchema })
  async trigger(
    @Param('name', name) of: string,
    @Principal() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.output<typeof triggeredSchema>> {
    const { queue, payload, job } = await this.find(caller, of);
    await this.door.enter([{ queue, payload: JSON.parse(payload) as unknown }], () => 'payload');
    const id = uuidv7();
    const span = startProduceSpan({ jobId: id, tenant: caller.tenantId, queue, scheduled: true });
    const made = { ...(JSON.parse(job) as ScheduledJob), id, queue, payload, trace: span.carrier };
    const { jobs } = await this.acceptor.accept({ tenantId: caller.tenantId, jobs: [made] });
    span.end();
    void reply.header('location', `/v1/jobs/${id}`);
    return { id, state: jobs[0]?.state ?? 'queued' };
  }

  private async setPaused({ tenantId }: Caller, of: string, paused: boolean): Promise<ScheduleRow> {
    const { pool } = this.database;
    const found = await this.find({ tenantId }, of);
    const nextAtMs = new CronRuns(found).after(found.nowMs) ?? null;
    const row = await retrying(() => pauseSchedule(pool, { tenantId, name: of, paused, nextAtMs }));
    if (!row) throw unknown(of);
    this.notifier.wake(channels.schedules, '1');
    return row;
  }

  private async find({ tenantId }: Pick<Caller, 'tenantId'>, of: string): Promise<ScheduleRow> {
    const row = await retrying(() => readSchedule(this.database.pool, tenantId, of));
    if (!row) throw unknown(of);
    return row;
  }
}

function send(reply: FastifyReply, row: ScheduleRow): void {
  void reply.header('content-type', json).send(showSchedule(row));
}

function unknown(of: string): BatonError {
  return new BatonError('not_found', `there is no schedule "${of}"`);
}

function firstRun(time: { cron: string; timezone: string }, nowMs: number): number {
  const first = new CronRuns(time).after(nowMs);
  if (first !== undefined) return first;
  throw invalidRequest([
    { path: 'cron', message: `must come at some time, which "${time.cron}" never does` },
  ]);
}
