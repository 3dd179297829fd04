/** Rows of one statement. */
export const batchRows = 500;
/** Connections that work at once: one gathers while the other's commit reaches the disk. */
export const connections = 2;

/** Cuts rows into batches, has `connections` of them under way at a time, and resolves to the rate, rows a second. */
export async function inBatches<T>(
  rows: readonly T[],
  work: (batch: readonly T[]) => Promise<void>,
): Promise<number> {
  let next = 0;
  const begun = performance.now();
  const worker = async (): Promise<void> => {
    while (next < rows.length) {
      const batch = rows.slice(next, (next += batchRows));
      await work(batch);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return rows.length / ((performance.now() - begun) / 1_000);
}

/** Takes until there is nothing to take, `connections` at once. Resolves to the rate. @param take how many it took */
export async function untilNoneIsLeft(take: () => Promise<number>): Promise<number> {
  let taken = 0;
  const begun = performance.now();
  const taker = async (): Promise<void> => {
    for (let count = await take(); count > 0; count = await take()) taken += count;
  };
  await Promise.all(Array.from({ length: connections }, taker));
  return taken / ((performance.now() - begun) / 1_000);
}
