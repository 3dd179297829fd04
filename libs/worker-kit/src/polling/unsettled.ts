import type { Settlement } from '@baton/persistence';
import type { TraceCarrier } from '@baton/tracing';

/** An outcome that PostgreSQL has not taken yet. */
export interface Unsettled {
  settlement: Settlement;
  carrier: TraceCarrier | undefined;
}
