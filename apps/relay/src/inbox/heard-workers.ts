import type { HeardWorker } from '@baton/persistence';

/** What was heard of workers and is not written yet. */
export class HeardWorkers {
  private readonly pending = new Map<string, HeardWorker>();
  /** Those with a row, as far as this replica knows. */
  private readonly known = new Set<string>();
  private rowsMissing = false;

  /** A worker's row must be there before what it says is applied: else nobody could rescue what it then owns. */
  get urgent(): boolean {
    return this.rowsMissing;
  }

  hear(worker: HeardWorker): void {
    const before = this.pending.get(worker.id);
    this.pending.set(worker.id, {
      ...worker,
      heardAtMs: Math.max(worker.heardAtMs, before?.heardAtMs ?? 0),
      left: worker.left || (before?.left ?? false),
      registration: worker.registration ?? before?.registration,
    });
    if (!this.known.has(worker.id)) this.rowsMissing = true;
  }

  /** What is to be written now; `written` or `failed` follows. */
  take(): HeardWorker[] {
    const workers = [...this.pending.values()];
    this.pending.clear();
    return workers;
  }

  written(workers: readonly HeardWorker[]): void {
    for (const { id, left } of workers) {
      if (left) this.known.delete(id);
      else this.known.add(id);
    }
    this.rowsMissing = [...this.pending.keys()].some((id) => !this.known.has(id));
  }

  failed(workers: readonly HeardWorker[]): void {
    for (const worker of workers) this.hear(worker);
  }

  /** Another replica may hear them from now on. */
  forget(): void {
    this.known.clear();
  }
}
