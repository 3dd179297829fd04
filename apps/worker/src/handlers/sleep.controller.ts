import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { limits } from '@baton/contracts';
import { JobHandler, type JobContext } from '@baton/worker-kit';
import { z } from 'zod';

const payload = z.strictObject({ ms: z.number().int().min(0).max(limits.timeoutMs) });

/** Short sleeps are not worth a word. */
const progressEveryMs = 1_000;

/** Does nothing for a while, tells each second how far it is, and lets go at once when it is told to. */
@Controller()
export class SleepController {
  @JobHandler('sleep', { payload })
  async sleep({ ms }: z.output<typeof payload>, context: JobContext): Promise<{ slept: number }> {
    const { signal } = context;
    for (let left = ms; left > 0; left -= progressEveryMs) {
      if (left < ms) context.progress((ms - left) / ms);
      await sleep(Math.min(left, progressEveryMs), undefined, { signal });
    }
    return { slept: ms };
  }
}
