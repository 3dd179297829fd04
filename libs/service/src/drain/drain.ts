/**
 * When a drain runs. `release`: at once and beside the others, to stop taking new work and let go of requests that are held
 * open: a slow one must not leave clients waiting at another. `flush`: after the last open request was answered, to finish what
 * those requests began, one after another in the order in which they were added.
 */
export type DrainStage = 'release' | 'flush';

/** Something that a service must bring to its end before it may stop. */
export interface Drain {
  name: string;
  stage?: DrainStage;
  /** How long it may take, in milliseconds; then the shutdown goes on without it. */
  timeoutMs: number;
  /** Brings the work to its end. The signal aborts when the time is up. */
  drain(signal: AbortSignal): Promise<void>;
}

/** How one drain ended. */
export interface DrainReport {
  name: string;
  ok: boolean;
  ms: number;
  why?: string;
}
