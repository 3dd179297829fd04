import type { FailurePolicy, JobState, UniqueConflict } from '@baton/contracts';

/** A job that another waits for: its id, or in a flow its name. */
export type Parent =
  | string
  | {
      job: string;
      /** When it dies or is cancelled; default `cancel`. `hold` waits for its replay. */
      onFailure?: FailurePolicy;
    };

/** By what a job is unique among those of its tenant and queue, and what happens to one that is not. */
export interface Unique {
  /** A text of your own. Without it and `fields`, the whole payload. */
  key?: string;
  /** Places in the payload, such as `order.items.0.sku`. */
  fields?: string[];
  /** A job in one of these is in the way; default: all that are not terminal. */
  states?: JobState[];
  /** Only a job accepted so recently is in the way: milliseconds, or `10m`. `debounce` and `throttle` need it. */
  within?: string | number;
  /** Default `reject`: BatonApiError `unique_conflict`. */
  onConflict?: UniqueConflict;
}

/** A flow as it was accepted. */
export interface FlowHandle<Name extends string = string> {
  id: string;
  /** The ids of its jobs. */
  jobs: Record<Name, string>;
}

/** Where a flow is. */
export interface Flow<Name extends string = string> {
  id: string;
  createdAt: string;
  /** Each of its jobs has ended. */
  finished: boolean;
  /** By name; those past their retention are left out. */
  jobs: Partial<Record<Name, { id: string; queue: string; state: JobState } & Record<string, unknown>>>;
}
