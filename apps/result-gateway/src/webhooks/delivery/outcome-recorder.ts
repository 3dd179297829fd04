import { type DeliveryOutcome, recordOutcomes, type WebhookAlert } from '@baton/persistence';
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
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, mostInBatch);
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
        this.logger.error(
          { err, deliveries: batch.length },
          'what came of webhook deliveries could not be recorded yet',
        );
        const late = (waiting: Waiting): boolean => Date.now() - waiting.since > giveUpMs;
        for (const { done } of batch.filter(late)) done();
        this.waiting.unshift(...batch.filter((waiting) => !late(waiting)));
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    }
    this.flushing = false;
  }
}
