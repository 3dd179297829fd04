const m = 0x5bd1e995;

/** The 32-bit murmur2 of Apache Kafka's Java client (`org.apache.kafka.common.utils.Utils#murmur2`). */
export function murmur2(data: Buffer): number {
  const whole = data.length & ~3;
  let h = 0x9747b28c ^ data.length;
  for (let at = 0; at < whole; at += 4) {
    let k = Math.imul(data.readInt32LE(at), m);
    k = Math.imul(k ^ (k >>> 24), m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = data.length - whole;
  if (rest > 0) {
    for (let at = rest - 1; at >= 0; at -= 1) h ^= data.readUInt8(whole + at) << (8 * at);
    h = Math.imul(h, m);
  }
  h = Math.imul(h ^ (h >>> 13), m);
  return h ^ (h >>> 15);
}

/** The partition that Kafka's default partitioner gives a key, of `count` partitions. */
export function partitionOfKey(key: string | Buffer, count: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % count;
}
