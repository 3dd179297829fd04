import { BatonError, type EventCursor, limits } from '@baton/contracts';
import {
  type AskedEvents,
  type Database,
  type EventLog,
  faultKind,
  readEventHeads,
  readEvents,
} from '@baton/persistence';

interface Asked extends AskedEvents {
  resolve: (log: EventLog | undefined) => void;
  reject: (error: unknown) => void;
}

/** Events that one question is answered with at most; a log that goes on is asked again. */
export const pageEvents = 100;

/**
 * Reads logs of jobs in batches: what is asked for in one turn of the event loop, or while a read is under way, shares
 * the next statement.
 */
export class EventReader {
  private asked: Asked[] = [];
  private reading = false;

  constructor(private readonly database: Pick<Database, 'pool'>) {}

  /** @returns undefined for an unknown job @throws BatonError `unavailable` */
  read(asked: AskedEvents): Promise<EventLog | undefined> {
    const answer = new Promise<EventLog | undefined>((resolve, reject) =>
      this.asked.push({ ...asked, resolve, reject }),
    );
    if (!this.reading) {
      this.reading = true;
      setImmediate(() => void this.readAll());
    }
    return answer;
  }

  /** How far the logs of live jobs go; what is missing is terminal or unknown. */
  heads(jobIds: readonly string[]): Promise<Map<string, EventCursor>> {
    return readEventHeads(this.database.pool, jobIds);
  }

  private async readAll(): Promise<void> {
    while (this.asked.length > 0) {
      const batch = this.asked.splice(0, limits.batch);
      try {
        const logs = await readEvents(this.database.pool, batch, pageEvents);
        batch.forEach(({ resolve }, i) => resolve(logs[i]));
      } catch (error) {
        for (const { reject } of batch) reject(away(error));
      }
    }
    this.reading = false;
  }
}

function away(error: unknown): unknown {
  if (faultKind(error) !== 'passing') return error;
  return new BatonError('unavailable', 'PostgreSQL is not reachable', { cause: error, retryAfterSeconds: 1 });
}
