import type { LiveState } from '@baton/contracts';

/**
 * Which jobs of its tenant an operation is for: those that meet everything that is named. It is for jobs as they were
 * when it was made: none that was accepted, or has died, after that.
 */
export interface OperationFilter {
  ids?: string[] | undefined;
  queue?: string | undefined;
  /** Of live jobs. */
  state?: LiveState | undefined;
  orderingKey?: string | undefined;
  concurrencyKey?: string | undefined;
  flowId?: string | undefined;
  /** ISO 8601: accepted before, and after; the bound itself is left out. */
  createdBefore?: string | undefined;
  createdAfter?: string | undefined;
  /** Of dead jobs: their error's code, and when they died. */
  code?: string | undefined;
  before?: string | undefined;
  after?: string | undefined;
}
