import type { PayloadOf, ResultOf } from '@baton/contracts';
import { fatal, JobHandler, snooze, type JobContext } from '@baton/worker-kit';
import { Controller } from '@nestjs/common';
import './word-count.types.js';

/** Counts the words of a page: `WORKER_HANDLERS=./word-count.controller.js` serves it. */
@Controller()
export class WordCountController {
  @JobHandler('word-count', { timeout: '10s', concurrency: 5 })
  async count({ url }: PayloadOf<'word-count'>, { signal }: JobContext): Promise<ResultOf<'word-count'>> {
    const page = await fetch(url, { signal });
    if (page.status === 429) throw snooze('1m'); // comes back then; nothing has failed
    if (page.status === 404) throw fatal(new Error(`there is no page at ${url}`)); // no retry can help
    if (!page.ok) throw new Error(`${url} answered ${page.status}`); // retried, with the queue's backoff
    const text = await page.text();
    return { words: text.split(/\s+/).filter(Boolean).length };
  }
}
