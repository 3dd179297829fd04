/** A job queue of another project, as the bench drives it. Its no-op handler gives back the payload's `n`. */
export interface Peer {
  /** Makes what it keeps its jobs in, where that is missing. */
  prepare(): Promise<void>;
  /** A caller's side. */
  openQueue(): Promise<PeerQueue>;
  /** A worker's side. It takes jobs at once. */
  openWorker(options: PeerWorkerOptions): Promise<PeerWorker>;
  /** Tells what has ended in a worker of another process. */
  readResults(onResult: (id: string, result: number) => void): Promise<ResultReader>;
}

export interface PeerQueue {
  /** Resolves to the job's id when the peer has accepted it. */
  submit(n: number): Promise<string>;
  submitMany(from: number, count: number): Promise<void>;
  close(): Promise<void>;
}

export interface PeerWorkerOptions {
  concurrency: number;
  /** Called for each job that has ended, where the worker's own process is told of it. */
  onCompleted?: (id: string, result: number) => void;
  /** Called when a handler is entered. */
  onStarted?: () => void;
  /** Gives results to callers in other processes, if the peer does not do so by itself. */
  publishResults: boolean;
}

export interface PeerWorker {
  /** Resolves when nothing is left of the jobs that were told as completed: their end is durable. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface ResultReader {
  close(): Promise<void>;
}
