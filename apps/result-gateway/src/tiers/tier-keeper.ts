import type { ObjectStore } from '@baton/objects';
import { storedFiles, withoutTracing } from '@baton/tracing';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { collectObjects } from './collect-objects.js';
import { moveFiles } from './move-files.js';

/** Between looks, ± a fifth, so that replicas do not all look at once. */
const everyMs = 30_000;

/**
 * Moves files from tier to tier, and collects what is left behind. Any number of processes may: each file, and each pass over
 * the store, is one process's for a while. asleep ⇄ looking → ended.
 */
export class TierKeeper {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly pool: Pool,
    private readonly objects: ObjectStore | undefined,
    private readonly logger: Logger,
  ) {}

  start(): void {
    const restMs = everyMs * (0.8 + 0.4 * Math.random());
    this.timer = setTimeout(() => {
      this.looking = withoutTracing(() => this.look()).finally(() => {
        if (!this.closed) this.start();
      });
    }, restMs);
  }

  /** One look at everything. Never rejects: what fails is looked at again. */
  async look(): Promise<void> {
    try {
      for (let more = true; more && !this.closed;) {
        const done = await moveFiles(this.pool, this.objects, (err, job) =>
          this.logger.warn({ err, job }, 'a file could not be moved to its next tier; again in a minute'),
        );
        storedFiles.labels('moved').inc(done.moved);
        storedFiles.labels('expired').inc(done.dropped);
        ({ more } = done);
      }
      if (this.objects) storedFiles.labels('collected').inc(await collectObjects(this.pool, this.objects));
    } catch (err) {
      this.logger.warn({ err }, 'files could not be looked after; again soon');
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.looking;
  }
}
