/** What one client learned of its job's end. */
export interface Learned {
  /** When the job ended, by the service's clock, milliseconds since 1970. */
  endedAtMs: number;
  /** When the client had it. */
  atMs: number;
}

export interface Waiting {
  /** Resolves when the gateway holds it. */
  held: Promise<void>;
  learned: Promise<Learned>;
}

/** One way in which clients wait, of which each has a connection of its own. */
export interface Waiters {
  wait(job: { id: string; token: string }): Waiting;
  close(): Promise<void>;
}
