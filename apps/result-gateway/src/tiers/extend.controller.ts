import { BatonError, formatDuration, limits } from '@baton/contracts';
import { Database, extendResult, retrying } from '@baton/persistence';
import { BatchedReader, tenantOf } from '@baton/results';
import { type Caller, durationSchema, idSchema, Principal, Scopes } from '@baton/service';
import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';

const extendSchema = z.strictObject({
  by: durationSchema({ min: 1_000, max: limits.extendMs }).describe(
    `such as "12h", at most ${formatDuration(limits.extendMs)}`,
  ),
});
const extendedSchema = z
  .object({ id: z.uuid(), expiresAt: z.iso.datetime().describe('until when the result is kept now') })
  .meta({ id: 'ExtendedResult' });

/** Results that are to be kept for longer. */
@ApiTags('results')
@Controller('v1/results')
export class ExtendController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(BatchedReader) private readonly reader: BatchedReader,
  ) {}

  @Post(':jobId/extend')
  @HttpCode(200)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'Keep the result of a job for longer, at most 30 days from now on' })
  @ApiOkResponse({ standardSchema: extendedSchema })
  async extend(
    @Param('jobId', { schema: idSchema }) jobId: string,
    @Body({ schema: extendSchema }) { by }: z.output<typeof extendSchema>,
    @Principal() { tenantId }: Caller,
  ): Promise<z.output<typeof extendedSchema>> {
    const wanted = { jobId, tenantId, byMs: by, mostMs: limits.extendMs };
    const untilMs = await retrying(() => extendResult(this.database.pool, wanted));
    if (untilMs === undefined) throw await this.whyNot(jobId, tenantId);
    return { id: jobId, expiresAt: new Date(untilMs).toISOString() };
  }

  private async whyNot(jobId: string, tenantId: string): Promise<BatonError> {
    const standing = await this.reader.read(jobId);
    if (!standing || tenantOf(standing) !== tenantId)
      return new BatonError('not_found', `there is no job ${jobId}`);
    if (!standing.terminal)
      return new BatonError('state_conflict', `job ${jobId} is ${standing.state} and has no result yet`);
    const { state } = standing.outcome;
    return state === 'succeeded'
      ? new BatonError('result_expired', `the result of job ${jobId} is not kept any more`)
      : new BatonError('state_conflict', `job ${jobId} is ${state} and has no result`);
  }
}
