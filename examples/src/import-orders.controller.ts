import type { PayloadOf, ResultOf } from '@baton/contracts';
import { JobEnqueuer, JobHandler, retryAt, type JobContext } from '@baton/worker-kit';
import { Controller, Inject } from '@nestjs/common';
import './import-orders.types.js';

/** Where the orders lie; another in tests. */
export abstract class OrderFiles {
  /** @returns undefined while the file is still being written */
  abstract read(file: string): Promise<readonly string[] | undefined>;
}

/** A long job: it tells how far it is, goes on where the attempt before it stopped, and posts a job for each order. */
@Controller()
export class ImportOrdersController {
  constructor(
    @Inject(OrderFiles) private readonly files: OrderFiles,
    @Inject(JobEnqueuer) private readonly jobs: JobEnqueuer,
  ) {}

  @JobHandler('import-orders', { timeout: '2h' })
  async import(
    { file }: PayloadOf<'import-orders'>,
    context: JobContext,
  ): Promise<ResultOf<'import-orders'>> {
    const orders = await this.files.read(file);
    if (!orders) throw retryAt('10m', new Error(`${file} is not complete yet`));
    const { next } = (context.lastCheckpoint ?? { next: 0 }) as { next: number };
    for (const [i, order] of orders.entries()) {
      if (i < next) continue;
      context.signal.throwIfAborted(); // the worker drains: another goes on from here
      const idempotencyKey = `${context.idempotencyKey}:${order}`;
      await this.jobs.enqueue('confirm-order', { order }, { idempotencyKey, orderingKey: order });
      void context.checkpoint({ next: i + 1 });
      context.progress((i + 1) / orders.length, { order });
    }
    return { imported: orders.length };
  }
}
