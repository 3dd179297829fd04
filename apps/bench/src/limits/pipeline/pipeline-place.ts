/** Where the bare pipeline's three processes meet. */
export interface PipelinePlace {
  databaseUrl: string;
  brokers: string;
  jobTopic: string;
  outcomeTopic: string;
}

/** One of a record's outcomes, as JSON: job id and result. */
export type BareOutcome = readonly [jobId: string, result: string];

/** Milliseconds since 1970 with a fine clock, comparable between the processes of one machine. */
export const clockMs = (): number => performance.timeOrigin + performance.now();
