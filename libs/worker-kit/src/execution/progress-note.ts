/** What a running handler said of its work. What is absent is unchanged. */
export interface ProgressNote {
  /** 0 to 1. */
  fraction?: number;
  /** JSON. */
  data?: string;
  /** JSON, for the next attempt. */
  checkpoint?: string;
}

/** What a context hands to its execution, and what is heard of it. */
export interface ProgressSink {
  /** Resolves when it is kept; rejects when the job is another's by now. */
  note(note: ProgressNote): Promise<void>;
}
