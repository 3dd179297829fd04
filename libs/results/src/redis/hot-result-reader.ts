import type { Standing } from '@baton/persistence';
import { feedFailures } from '@baton/tracing';
import type { Redis } from 'ioredis';
import type { ResultReader } from '../result-reader.js';
import { decodeHot, hotKey } from './hot-result.js';

/** Hot copies first; what is not there, or all when Redis is away, comes from the truth beneath. */
export class HotResultReader implements ResultReader {
  constructor(
    private readonly redis: Redis,
    private readonly truth: ResultReader,
    private readonly log: (message: string, error: Error) => void,
  ) {}

  async read(jobIds: readonly string[]): Promise<Map<string, Standing>> {
    const found = await this.readHot(jobIds);
    const others = jobIds.filter((id) => !found.has(id));
    if (others.length > 0)
      for (const [id, standing] of await this.truth.read(others)) found.set(id, standing);
    return found;
  }

  private async readHot(jobIds: readonly string[]): Promise<Map<string, Standing>> {
    try {
      const texts = await this.redis.mget(jobIds.map(hotKey));
      const hot = texts
        .flatMap((text) => (text === null ? [] : [decodeHot(text)]))
        // Kept by an earlier release: it may have been replayed since.
        .filter(({ state }) => state !== 'dead');
      return new Map(hot.map((outcome) => [outcome.jobId, { terminal: true, outcome }]));
    } catch (error) {
      feedFailures.inc();
      this.log('hot results could not be read; PostgreSQL answers', error as Error);
      return new Map();
    }
  }
}
