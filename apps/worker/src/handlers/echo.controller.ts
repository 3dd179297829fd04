import { Controller } from '@nestjs/common';
import { JobHandler } from '@baton/worker-kit';

/** Returns its payload. */
@Controller()
export class EchoController {
  @JobHandler('echo')
  echo(payload: unknown): unknown {
    return payload;
  }
}
