import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { type JobContext, JobHandler } from '@baton/worker-kit';

/** Handlers of the crash tests: one ends its process, as a segfault or a lack of memory would. */
@Controller()
export class CrashingHandlers {
  @JobHandler('crash')
  async crash({ afterMs, ms = 0 }: { afterMs?: number; ms?: number }, { signal }: JobContext): Promise<void> {
    if (afterMs === undefined) return sleep(ms, undefined, { signal });
    if (afterMs > 0) await sleep(afterMs);
    process.kill(process.pid, 'SIGKILL');
    await sleep(60_000); // the signal comes this moment
  }
}
