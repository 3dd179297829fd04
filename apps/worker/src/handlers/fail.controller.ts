import { Controller } from '@nestjs/common';
import { JobHandler, type JobContext } from '@baton/worker-kit';
import { z } from 'zod';

const payload = z.strictObject({ times: z.number().int().min(0).max(1_000) });

/** Fails so many times, then succeeds: what retries look like. */
@Controller()
export class FailController {
  @JobHandler('fail', { payload })
  fail({ times }: z.output<typeof payload>, { failures }: JobContext): { failures: number } {
    if (failures < times) throw new Error(`failure ${failures + 1} of ${times}, as asked`);
    return { failures };
  }
}
