/** Records still to be read: the end less the later of the committed offset and the log's start. */
export function lagOf(partition: { low: bigint; high: bigint; committed: bigint | undefined }): bigint {
  const { low, high, committed } = partition;
  const next = committed === undefined || committed < low ? low : committed;
  return next < high ? high - next : 0n;
}
