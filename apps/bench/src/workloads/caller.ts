/** A client of a queue, as the workloads see it. */
export interface Caller {
  /** Submits a job whose payload is `{n}` and resolves to its result, which must be that `n`. */
  submitAndWait(n: number): Promise<number>;
}
