import type { PayloadOf, ResultOf } from '@baton/contracts';
import { JobHandler, type JobContext } from '@baton/worker-kit';
import { Controller, Inject } from '@nestjs/common';
import './thumbnails.types.js';

/** Who makes pictures smaller; another in tests. */
export abstract class Pictures {
  /** @returns where the small one lies */
  abstract shrink(upload: string, width: number): Promise<string>;
}

/** Thumbnails, and the report that waits for them and reads what they returned. */
@Controller()
export class ThumbnailsController {
  constructor(@Inject(Pictures) private readonly pictures: Pictures) {}

  @JobHandler('make-thumbnail', { timeout: '1m' })
  async make({ upload, width }: PayloadOf<'make-thumbnail'>): Promise<ResultOf<'make-thumbnail'>> {
    return { url: await this.pictures.shrink(upload, width) };
  }

  @JobHandler('report-upload')
  report(_payload: PayloadOf<'report-upload'>, job: JobContext): ResultOf<'report-upload'> {
    const report: ResultOf<'report-upload'> = { thumbnails: {}, failed: [] };
    for (const [name, { state, result }] of job.parents())
      if (state === 'succeeded') report.thumbnails[name] = (result as ResultOf<'make-thumbnail'>).url;
      else report.failed.push(name);
    return report;
  }
}
