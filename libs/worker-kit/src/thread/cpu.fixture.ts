import { Controller, Inject, Injectable } from '@nestjs/common';
import { snooze } from '../handler/control-flow.js';
import type { JobContext } from '../handler/job-context.js';
import { JobHandler } from '../handler/job-handler.decorator.js';

@Injectable()
export class Words {
  readonly busy = 'was busy';
}

interface Work {
  do: 'spin' | 'spin until aborted' | 'spin for ever' | 'snooze' | 'throw' | 'file' | 'exit' | 'count';
  ms?: number;
}

/** Keeps a CPU busy, as no handler should outside of a thread. */
@Controller()
export class CpuController {
  constructor(@Inject(Words) private readonly words: Words) {}

  @JobHandler('cpu', { thread: import.meta.url, concurrency: 2 })
  async run(work: Work, context: JobContext): Promise<unknown> {
    const end = Date.now() + (work.ms ?? 0);
    switch (work.do) {
      case 'spin':
        while (Date.now() < end);
        return this.words.busy;
      case 'spin until aborted':
        while (!context.signal.aborted);
        throw context.signal.reason;
      case 'spin for ever':
        for (;;);
      case 'snooze':
        throw snooze('1m');
      case 'throw':
        throw new TypeError('broken in a thread');
      case 'file':
        return context.file(Buffer.from('bytes'), { mediaType: 'text/plain', name: 'x.txt' });
      case 'exit':
        process.exit(7);
      // eslint-disable-next-line no-fallthrough -- the thread has ended
      case 'count': {
        const { n } = (context.lastCheckpoint ?? { n: 0 }) as { n: number };
        context.log.info({ n }, 'counting');
        await context.checkpoint({ n: n + 1 });
        context.progress(1, { n });
        return n;
      }
    }
  }
}
