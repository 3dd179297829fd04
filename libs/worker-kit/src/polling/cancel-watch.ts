import { findCancelledExecutions, type CancelledExecution, type Database } from '@baton/persistence';
import type { Execution } from '../execution/execution.js';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';

export interface CancelWatchOptions {
  database: Database;
  log: Log;
  running: () => Iterable<Execution>;
  onCancelled: (execution: CancelledExecution) => void;
}

/** Beyond this many ids that are no job's here, hints are dropped: the renewals of the lease find what they stood for. */
const mostHeard = 10_000;

/**
 * Hears of requested cancels, and asks PostgreSQL which of the running executions they concern. A hint may come while
 * the answer to the claim of its job is still under way, so hints are kept until the next renewal of the lease, which
 * asks for all that runs.
 */
export class CancelWatch {
  private readonly heard = new Set<string>();
  private readonly outage: Outage;

  constructor(private readonly options: CancelWatchOptions) {
    this.outage = new Outage(options.log, 'asking for cancelled jobs');
  }

  /** Somebody asked to cancel these jobs. */
  hear(jobIds: readonly string[]): void {
    for (const id of jobIds) if (this.heard.size < mostHeard) this.heard.add(id);
    this.look(({ delivery }) => this.heard.has(delivery.jobId));
  }

  /** These have just begun. */
  begun(jobIds: readonly string[]): void {
    if (!jobIds.some((id) => this.heard.has(id))) return;
    this.look(({ delivery }) => this.heard.has(delivery.jobId));
  }

  /** Nobody listened for a while, or the lease is renewed: looks for all that runs. */
  all(): void {
    this.heard.clear();
    this.look(() => true);
  }

  private look(wanted: (execution: Execution) => boolean): void {
    const executions = [...this.options.running()].filter(wanted);
    if (executions.length > 0) void this.ask(executions);
  }

  private async ask(executions: readonly Execution[]): Promise<void> {
    const { database, onCancelled } = this.options;
    try {
      const named = executions.map(({ id, delivery }) => ({ jobId: delivery.jobId, executionId: id }));
      const cancelled = await findCancelledExecutions(database.pool, named);
      this.outage.worked();
      for (const execution of cancelled) onCancelled(execution);
    } catch (error) {
      // The next renewal of the lease asks again.
      this.outage.failed(error);
    }
  }
}
