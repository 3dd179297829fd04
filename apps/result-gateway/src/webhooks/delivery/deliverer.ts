import { limits, timing } from '@baton/contracts';
import {
  advancePlans,
  type ClaimedDelivery,
  countBreakers,
  type DeliveryOutcome,
  giveDeliveriesBack,
  nextDelivery,
  sweepDeliveries,
  type WebhookAlert,
} from '@baton/persistence';
import { deliverSeconds, inRootContext, webhookBreakers, withoutTracing } from '@baton/tracing';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { AttemptSlots } from './attempt-slots.js';
import { DeliveryFinder } from './delivery-finder.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { tryDelivery, type TryParts } from './try-delivery.js';

const forgetEveryMs = 600_000;
const sweepRows = 5_000;
/** After a fault of PostgreSQL. */
const againMs = 1_000;
/** Looks that follow one another at once are this far apart, so that ends of tries gather. */
const apartMs = 5;
/** Of one look: their requests are signed and begun in one go, while nobody else has the process. */
const mostAtOnce = 64;
/** Plans go on by steps of seconds, and are not looked for at each look. */
const plansEveryMs = 50;
/** How long tries under way may go on when the service stops; then they are given back. */
const graceMs = 5_000;

/**
 * Makes webhook deliveries that are due, and lets delivery plans go on. Any number of processes may: a delivery is
 * its claimer's for the time of a lease.
 *
 * asleep → (woken, something is due, a slot is free again, or the slow sweep) → looking → asleep, or looking again while
 * there is more. Tries run beside it, and each is recorded when it ends. draining: nothing is claimed any more, tries
 * end or are given back.
 */
export class Deliverer {
  private readonly slots = new AttemptSlots();
  private readonly finder: DeliveryFinder;
  private readonly recorder: OutcomeRecorder;
  private readonly underWay = new Map<ClaimedDelivery, Promise<void>>();
  private readonly stopping = new AbortController();
  private closed = false;
  private woken = true;
  private wakeUp: (() => void) | undefined;
  private loop: Promise<void> | undefined;
  private forgottenAt = 0;
  private plansAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pool: Pool,
    private readonly parts: TryParts,
    private readonly logger: Logger,
  ) {
    this.finder = new DeliveryFinder(pool, this.slots);
    this.recorder = new OutcomeRecorder(pool, logger, (alert) => this.tell(alert));
  }

  start(): void {
    this.loop ??= inRootContext(() => this.run());
  }

  /** Looks again, now. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  /** Records what came of a delivery that was tried elsewhere: by the client that had taken it. */
  record(outcome: DeliveryOutcome): Promise<void> {
    return this.recorder.record(outcome);
  }

  /** Claims nothing any more; waits for the tries under way, and gives back those that last too long. */
  async drain(): Promise<void> {
    this.closed = true;
    this.wake();
    await this.loop;
    const grace = setTimeout(() => this.stopping.abort(), graceMs);
    await Promise.all(this.underWay.values());
    clearTimeout(grace);
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      this.woken = false;
      let restMs: number;
      try {
        restMs = await withoutTracing(() => this.look());
      } catch (err) {
        this.logger.error({ err }, 'webhook deliveries cannot be looked for; again soon');
        restMs = againMs;
      }
      await this.sleep(restMs);
    }
  }

  /** @returns milliseconds until there is something to look for */
  private async look(): Promise<number> {
    if (Date.now() - this.forgottenAt > forgetEveryMs) await this.forget();
    if (await this.advancePlans()) return 0;
    const free = Math.min(mostAtOnce, this.slots.free(performance.now()));
    // A slot that is taken by a slow receiver is given back by time alone.
    let restMs = apartMs * 20;
    if (free > 0) {
      const { claimed, againMs } = await this.finder.find(free, performance.now());
      for (const delivery of claimed) this.begin(delivery);
      if (againMs === 0) return 0;
      restMs = againMs;
    }
    return Math.min(restMs, (await nextDelivery(this.pool)) ?? timing.sweepMs);
  }

  /** @returns whether there may be more of them */
  private async advancePlans(): Promise<boolean> {
    const now = performance.now();
    if (now - this.plansAt < plansEveryMs) return false;
    const isMore = (await advancePlans(this.pool, limits.batch)) === limits.batch;
    if (!isMore) this.plansAt = now;
    return isMore;
  }

  private begin(delivery: ClaimedDelivery): void {
    const giveSlot = this.slots.take(delivery.receiver, performance.now());
    const trying = this.deliver(delivery).finally(() => {
      giveSlot(performance.now());
      this.underWay.delete(delivery);
      this.wake();
    });
    this.underWay.set(delivery, trying);
  }

  private async deliver(delivery: ClaimedDelivery): Promise<void> {
    try {
      const outcome = await tryDelivery(delivery, this.parts, this.stopping.signal);
      if (outcome.tried.state === 'delivered')
        deliverSeconds.labels('webhook').observe(Math.max(0, (Date.now() - delivery.atMs) / 1_000));
      await this.recorder.record(outcome);
    } catch (err) {
      if (!this.stopping.signal.aborted)
        this.logger.error(
          { err, delivery: delivery.id },
          'a webhook could not be tried; it is tried again after its lease',
        );
      else await this.giveBack(delivery);
    }
  }

  private async giveBack(delivery: ClaimedDelivery): Promise<void> {
    try {
      await giveDeliveriesBack(this.pool, [delivery]);
    } catch (err) {
      this.logger.warn(
        { err, delivery: delivery.id },
        'a webhook could not be given back; its lease will end',
      );
    }
  }

  private async forget(): Promise<void> {
    this.forgottenAt = Date.now();
    const forgotten = { olderMs: timing.webhookHistoryMs, limit: sweepRows };
    if (await sweepDeliveries(this.pool, forgotten)) this.forgottenAt = 0;
    await this.countBreakers();
  }

  private tell({ type, receiver, tenantId, data }: WebhookAlert): void {
    this.logger.warn({ receiver, tenant: tenantId, ...data }, type);
    void this.countBreakers().catch((err: unknown) =>
      this.logger.warn({ err }, 'breakers could not be counted'),
    );
  }

  private async countBreakers(): Promise<void> {
    const { open, halfOpen } = await withoutTracing(() => countBreakers(this.pool));
    webhookBreakers.labels('open').set(open);
    webhookBreakers.labels('half-open').set(halfOpen);
  }

  private async sleep(ms: number): Promise<void> {
    if (this.closed) return;
    await new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, apartMs)));
    if (this.woken || this.closed || ms <= apartMs) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wakeUp = undefined;
  }
}
