/** One thing that is done from time to time by the leader of the timers. */
export interface Timer {
  /** In logs and metrics. */
  readonly name: string;
  /**
   * One look. It must be harmless beside another replica's: a deposed leader may still be at it.
   * @returns whether there was something to do, and milliseconds until the next look; undefined: only when woken
   */
  look(): Promise<{ found: boolean; nextMs: number | undefined }>;
}
