import { Controller } from '@nestjs/common';
import { type JobContext, JobHandler } from '@baton/worker-kit';
import { runScript } from './script.js';

/** The handlers of the suite's queues: two a mode. */
@Controller()
export class ScriptedHandlers {
  @JobHandler('work-polling')
  workPolling(payload: unknown, job: JobContext): unknown {
    return runScript(payload, job);
  }

  @JobHandler('work-event')
  workEvent(payload: unknown, job: JobContext): unknown {
    return runScript(payload, job);
  }

  @JobHandler('side-polling')
  sidePolling(payload: unknown, job: JobContext): unknown {
    return runScript(payload, job);
  }

  @JobHandler('side-event')
  sideEvent(payload: unknown, job: JobContext): unknown {
    return runScript(payload, job);
  }
}
