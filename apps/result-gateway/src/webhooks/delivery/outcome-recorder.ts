import { type DeliveryOutcome, faultKind, recordOutcomes, type WebhookAlert } from '@baton/persistence';
import { withoutTracing } from '@baton/tracing';
import type { Pool } from 'pg';
import type { Logger } from 'pino';

const mostInBatch = 100;
const againMs = 500;
/** After so long the deliveries' claims are over, and others try them again. */
const giveUpMs = 30_000;

interface Waiting {
  outcome: DeliveryOutcome;
  since: number;
  done: () => void;
}

/** Records outcomes, as many as have come together in one transaction; a lone one waits for nobody. */
export class OutcomeRecorder {
  private waiting: Waiting[] = [];
  private flushing = false;

  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
    private readonly onAlert: (alert: WebhookAlert) => void,
  ) {}

  /** Resolves when it is recorded, or when there is no use in recording it any more. */
  record(outcome: DeliveryOutcome): Promise<void> {
    return new Promise((done) => {
      this.waiting.push({ outcome, since: Date.now(), done });
      if (!this.flushing) void this.flush();
    });
  }

  private async flush(): Promise<void> {
    this.flushing = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.write(this.waiting.splice(0, mostInBatch));
    this.flushing = false;
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    try {
      const alerts = await withoutTracing(() =>
        recordOutcomes(
          this.pool,
          batch.map(({ outcome }) => outcome),
        ),
      );
      for (const { done } of batch) done();
      for (const alert of alerts) this.onAlert(alert);
    } catch (err) {
      const passing = faultKind(err) === 'passing';
      if (!passing && batch.length > 1) return this.writeHalves(batch);
      this.logger.error(
        { err, deliveries: batch.length },
        passing
          ? 'what came of webhook deliveries could not be recorded yet'
          : 'what came of a webhook delivery cannot be recorded; it is tried again after its lease',
      );
      const useless = ({ since }: Waiting): boolean => !passing || Date.now() - since > giveUpMs;
      for (const { done } of batch.filter(useless)) done();
      this.waiting.unshift(...batch.filter((waiting) => !useless(waiting)));
      if (passing) await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }

  /** One among them cannot be stored: it must hold up none of the others, which are other tenants'. */
  private async writeHalves(batch: readonly Waiting[]): Promise<void> {
    const half = Math.ceil(batch.length / 2);
    await this.write(batch.slice(0, half));
    await this.write(batch.slice(half));
  }
}
