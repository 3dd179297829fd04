import type { ObjectStore } from '@baton/objects';
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
  objects: ObjectStore | undefined;
  concurrency: number;
  graceMs: number;
}
