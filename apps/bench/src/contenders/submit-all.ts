/** Queues so many jobs in batches, some at once. Resolves to the rate, jobs a second. */
export async function submitAll(
  submitMany: (from: number, count: number) => Promise<void>,
  { jobs, batchJobs, batchesAtOnce }: { jobs: number; batchJobs: number; batchesAtOnce: number },
): Promise<number> {
  let next = 0;
  const begun = performance.now();
  const submitter = async (): Promise<void> => {
    while (next < jobs) {
      const from = next;
      next = Math.min(jobs, from + batchJobs);
      await submitMany(from, next - from);
    }
  };
  await Promise.all(Array.from({ length: batchesAtOnce }, submitter));
  return jobs / ((performance.now() - begun) / 1_000);
}
