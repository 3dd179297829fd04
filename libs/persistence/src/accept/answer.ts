import type { BatonError } from '@baton/contracts';
import type { Accepted } from './new-job.js';

/** What became of one request of a group. `busy`: a lane of it is locked elsewhere, so it comes again. */
export type Answer = { accepted: Accepted } | { refused: BatonError } | { busy: true };
