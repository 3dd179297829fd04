import type { HealthCheck } from '@baton/service';
import type { JobServer } from '@baton/worker-kit';

/** A worker's source, with the connections that it alone uses. */
export interface JobSource {
  /** Nest's transport strategy. */
  server: JobServer;
  /** What `/readyz` names. */
  checks: readonly HealthCheck[];
  /** Ends or hands back what runs, then closes the connections. */
  close(): Promise<void>;
}

export interface SourceOptions {
  concurrency: number;
  graceMs: number;
}
