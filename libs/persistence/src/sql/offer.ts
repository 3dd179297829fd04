/** A polling worker's free slots: what it would claim next may be handed to it as it is released. */
export interface Offer {
  workerId: string;
  /** Of which it takes jobs. */
  queues: readonly string[];
  /** Made by the worker, one a free slot. */
  executionIds: readonly string[];
}
