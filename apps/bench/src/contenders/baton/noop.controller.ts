import { JobHandler } from '@baton/worker-kit';
import { Controller } from '@nestjs/common';
import { readNoopQueue } from './noop.config.js';

/** The handler of Baton's worker in the bench: does nothing, and gives back the payload's `n` as the peers' do. */
@Controller()
export class NoopController {
  @JobHandler(readNoopQueue())
  noop({ n }: { n: number }): number {
    return n;
  }
}
