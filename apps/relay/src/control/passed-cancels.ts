import { jobGroup } from '@baton/contracts';
import type { BrokerAdmin } from '@baton/messaging';
import { type EndedCancel, findRecordPlaces, type Queryable, type RecordPlace } from '@baton/persistence';
import type { Logger } from 'pino';
import { topicName } from '../outbox/topic-name.js';

interface SentRow {
  outboxId: number;
  queue: string;
  topic: string;
}

/**
 * Of cancelled jobs, those whose record nobody will read any more: the queue's workers have committed beyond it, or there
 * is none.
 * @returns their jobs' ids
 */
export async function passedCancels(
  db: Queryable,
  { admin, log }: { admin: BrokerAdmin; log: Logger },
  ended: readonly EndedCancel[],
): Promise<string[]> {
  const rows = ended.flatMap(({ outboxId, ...notice }) =>
    outboxId === null ? [] : [{ outboxId, queue: notice.queue, topic: topicName(notice), queuedAtMs: 0 }],
  );
  const places = await findRecordPlaces(db, rows);
  const unread = new Set<number>();
  for (const topic of new Set(rows.map((row) => row.topic))) {
    const sent = rows.filter((row) => row.topic === topic && places.has(row.outboxId));
    try {
      for (const outboxId of await unreadOf(admin, sent, places)) unread.add(outboxId);
    } catch (error) {
      log.debug(
        { err: error, topic },
        'where the workers are on a topic is not known; its cancels stay until it is',
      );
      for (const { outboxId } of sent) unread.add(outboxId);
    }
  }
  return ended.filter(({ outboxId }) => outboxId === null || !unread.has(outboxId)).map(({ jobId }) => jobId);
}

/** Of rows of one topic, those whose record the queue's workers have not committed. */
async function unreadOf(
  admin: BrokerAdmin,
  rows: readonly SentRow[],
  places: ReadonlyMap<number, RecordPlace>,
): Promise<number[]> {
  const [first] = rows;
  if (!first) return [];
  const offsets = await admin.committedOffsets(jobGroup(first.queue), first.topic);
  const committed = new Map(offsets.map((at) => [at.partition, at.offset]));
  return rows.flatMap(({ outboxId }) => {
    const place = places.get(outboxId);
    return place && (committed.get(place.partition) ?? 0n) <= BigInt(place.offset) ? [outboxId] : [];
  });
}
