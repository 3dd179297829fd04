import { Database, listQueueNames, unknownQueue } from '@baton/persistence';
import { Inject, Injectable } from '@nestjs/common';

/**
 * The names of the queues, so that a job for none of them is refused without a transaction. A name once seen is
 * believed: should its queue be gone, the job's insert says so. A name not seen is asked for, so that a queue
 * just made elsewhere is known at once; those who ask at one time share one query.
 */
@Injectable()
export class KnownQueues {
  private names: ReadonlySet<string> = new Set();
  private asking: Promise<void> | undefined;

  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * @returns undefined, at once, when all are known
   * @throws BatonError `unknown_queue`
   */
  require(queues: Iterable<string>): Promise<void> | undefined {
    for (const queue of queues) if (!this.names.has(queue)) return this.askFor(queues);
    return undefined;
  }

  private async askFor(queues: Iterable<string>): Promise<void> {
    // An answer on its way may have been read before the queue was made.
    await this.asking?.catch(() => undefined);
    this.asking ??= this.refresh().finally(() => (this.asking = undefined));
    await this.asking;
    for (const queue of queues) if (!this.names.has(queue)) throw unknownQueue(queue);
  }

  private async refresh(): Promise<void> {
    this.names = new Set(await listQueueNames(this.database.pool));
  }
}
