/** The queue that the no-op handler serves: a new one for each turn, so that no turn meets the jobs of another. */
export const queueVariable = 'BENCH_QUEUE';

export function readNoopQueue(environment: NodeJS.ProcessEnv = process.env): string {
  return environment[queueVariable] ?? 'noop';
}
