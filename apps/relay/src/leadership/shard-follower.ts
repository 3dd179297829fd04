import type { LeadShardsRow, Term } from '@baton/persistence';

/** What a beat of leadership learns besides. */
export type BeatFacts = Pick<LeadShardsRow, 'pollingRuns' | 'eventPartitions'>;

/** A part of the relay that works for the shards that this replica leads. */
export interface ShardFollower {
  onShardsTaken?(terms: readonly Term[]): void;
  /** Without warning: send nothing more for these, their next leader may be at work already. */
  onShardsLost?(shards: readonly number[]): void;
  /** Take nothing new for these; resolves when nothing of them is under way. Until then they are still ours. */
  releaseShards?(shards: readonly number[]): Promise<void>;
  /** After each beat. */
  onBeat?(facts: BeatFacts): void;
}
