import type { Settlement, Verdict } from '@baton/persistence';
import type { TraceCarrier } from '@baton/tracing';

/** An outcome that PostgreSQL has not taken yet. */
export interface Unsettled {
  settlement: Settlement;
  carrier: TraceCarrier | undefined;
  /** Told once what became of it; undefined: it could not be settled and never will be. */
  onVerdict?: (verdict: Verdict | undefined) => void;
}
