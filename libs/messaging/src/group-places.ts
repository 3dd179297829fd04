import { partitionKey, type Place, type Placed } from './broker-records.js';

/**
 * The places of a send as runs of neighbouring offsets, in order of first appearance: what a publish
 * log needs to find each record again. A partition filled by more than one request may give more than one run.
 */
export function groupPlaces(places: readonly Place[]): Placed[] {
  const runs: (Omit<Placed, 'count'> & { count: number })[] = [];
  const latest = new Map<string, (typeof runs)[number]>();
  for (const place of places) {
    const run = latest.get(partitionKey(place));
    if (run && run.baseOffset + BigInt(run.count) === place.offset) {
      run.count += 1;
      continue;
    }
    const next = { topic: place.topic, partition: place.partition, baseOffset: place.offset, count: 1 };
    runs.push(next);
    latest.set(partitionKey(place), next);
  }
  return runs;
}
