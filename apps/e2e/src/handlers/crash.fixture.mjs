// Served by real workers: no TypeScript, so that a built worker loads it too.
import { setTimeout as sleep } from 'node:timers/promises';
import { JobHandler } from '@baton/worker-kit';
import { Controller } from '@nestjs/common';

/** Ends its process where the payload says when, as a segfault or a lack of memory would; else it takes its time. */
export class CrashController {
  async crash({ afterMs, ms = 0 }, { signal }) {
    if (afterMs === undefined) return sleep(ms, undefined, { signal });
    if (afterMs > 0) await sleep(afterMs);
    process.kill(process.pid, 'SIGKILL');
    await sleep(60_000); // the signal comes this moment
  }
}
const method = Object.getOwnPropertyDescriptor(CrashController.prototype, 'crash');
JobHandler('crash')(CrashController.prototype, 'crash', method);
Controller()(CrashController);
