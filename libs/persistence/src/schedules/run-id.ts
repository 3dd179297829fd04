import { createHash } from 'node:crypto';

/**
 * The id of the job of one run: a UUIDv7 of the run's time whose random part is a hash of whose run it is. So the same
 * run, fired twice by whatever mishap, is one job.
 * @param atMs when the run should be, milliseconds since the epoch
 */
export function runId({ tenantId, name }: { tenantId: string; name: string }, atMs: number): string {
  const bytes = createHash('sha256').update(`${tenantId}/${name}/${atMs}`).digest().subarray(0, 16);
  bytes.writeUIntBE(atMs, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A run's part of the schedule's jitter, milliseconds: the same each time it is asked for. */
export function jitterOf(
  schedule: { tenantId: string; name: string; jitterMs: number },
  atMs: number,
): number {
  if (schedule.jitterMs === 0) return 0;
  const hash = createHash('sha256').update(`jitter/${schedule.tenantId}/${schedule.name}/${atMs}`).digest();
  return Math.floor((hash.readUInt32BE(0) / 2 ** 32) * schedule.jitterMs);
}
