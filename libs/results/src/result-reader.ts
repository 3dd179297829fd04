import type { Standing } from '@baton/persistence';

/** Reads where jobs stand. An unknown id is missing from the answer. */
export interface ResultReader {
  /** @throws BatonError `unavailable` when the store is away */
  read(jobIds: readonly string[]): Promise<Map<string, Standing>>;
}
