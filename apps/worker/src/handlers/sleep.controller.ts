import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { limits } from '@baton/contracts';
import { JobHandler, type JobContext } from '@baton/worker-kit';
import { z } from 'zod';

const payload = z.strictObject({ ms: z.number().int().min(0).max(limits.timeoutMs) });

/** Does nothing for a while, and lets go at once when it is told to. */
@Controller()
export class SleepController {
  @JobHandler('sleep', { payload })
  async sleep({ ms }: z.output<typeof payload>, { signal }: JobContext): Promise<{ slept: number }> {
    await sleep(ms, undefined, { signal });
    return { slept: ms };
  }
}
