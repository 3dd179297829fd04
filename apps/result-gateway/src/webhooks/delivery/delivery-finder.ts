import { timing } from '@baton/contracts';
import { claimDeliveries, type ClaimedDelivery, claimLatestDeliveries } from '@baton/persistence';
import type { Pool } from 'pg';
import type { AttemptSlots } from './attempt-slots.js';

const roundEveryMs = 200;

export interface Found {
  claimed: ClaimedDelivery[];
  /** Until the next look, if nothing becomes due before; 0: there is more already. */
  againMs: number;
}

/**
 * Claims due deliveries. All receivers have their turn in rounds, which cost the more the more receivers wait, be it for a
 * repetition in hours: while looks follow one another closely there are a few rounds a second, and the looks between them
 * take what became due last. The last look before a rest is a round.
 */
export class DeliveryFinder {
  /** The receiver at which the last look of a round ended; '': no round is under way. */
  private after = '';
  private roundAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pool: Pool,
    private readonly slots: AttemptSlots,
  ) {}

  /** @param limit how many may begin */
  async find(limit: number, now: number): Promise<Found> {
    const wanted = { limit, perReceiver: this.slots.perReceiver, inFlight: this.slots.taken() };
    const untilRoundMs = this.roundAt + roundEveryMs - now;
    if (this.after === '' && untilRoundMs > 0) {
      const claimed = await claimLatestDeliveries(this.pool, wanted);
      return { claimed, againMs: claimed.length === limit ? 0 : untilRoundMs };
    }
    const claimed = await claimDeliveries(this.pool, { ...wanted, after: this.after });
    const isWhole = claimed.length < limit && this.after === '';
    this.after = claimed.length < limit ? '' : (claimed.at(-1)?.receiver ?? '');
    if (isWhole) this.roundAt = now;
    return { claimed, againMs: isWhole ? timing.sweepMs : 0 };
  }
}
