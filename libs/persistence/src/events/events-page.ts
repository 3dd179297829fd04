import { type EventCursor, formatCursor, type JobEventType } from '@baton/contracts';
import type { EventLog, LoggedEvent } from './event-log.js';
import { snapshotOf } from './snapshot.js';
import { tellEvents, terminalSeq } from './tell-events.js';

/** An event as every channel shows it. */
export interface ShownEvent {
  /** `generation:seq`: what the client has when it has this. */
  cursor: string;
  /** `resync`: the client's place is not there any more; `data` says where the job stands, and the log goes on from here. */
  type: JobEventType | 'resync';
  /** ISO 8601. */
  at: string;
  data: Record<string, unknown>;
}

export interface EventsPage {
  events: ShownEvent[];
  /** The place after the last event, or the client's own where there is none. */
  cursor: EventCursor;
  /** The event that ended the job lies at or before `cursor`: nothing but expiry follows. */
  terminal: boolean;
  /** The log goes on beyond this page. */
  more: boolean;
}

/**
 * What a client that has everything up to its cursor is still to be told.
 * @param asked undefined: from the beginning of the job's present generation
 * @param options.nowMs of a resync
 */
export function eventsPage(
  log: EventLog,
  asked: EventCursor | undefined,
  { most, nowMs }: { most: number; nowMs: number },
): EventsPage {
  const { generation, seq: last } = log.row;
  const end = terminalSeq(log);
  const at = asked ?? { generation, seq: 0 };
  if (at.generation !== generation || at.seq > last || at.seq < lostUpTo(log))
    return resynced(log, { end, most, nowMs });
  const events = tellEvents(log, { after: at.seq, most }).map(shown);
  return pageOf(log, { events, reached: at.seq + events.length, end });
}

function shown({ generation, seq, type, atMs, data }: LoggedEvent): ShownEvent {
  return { cursor: formatCursor({ generation, seq }), type, at: new Date(atMs).toISOString(), data };
}

/** The snapshot stands for all but the event that ended the job, which no client goes without. */
function resynced(
  log: EventLog,
  { end, most, nowMs }: { end: number | undefined; most: number; nowMs: number },
): EventsPage {
  const { generation, seq: last } = log.row;
  const seq = end === undefined ? last : end - 1;
  const resync: ShownEvent = {
    cursor: formatCursor({ generation, seq }),
    type: 'resync',
    at: new Date(nowMs).toISOString(),
    data: snapshotOf(log.row),
  };
  const rest = tellEvents(log, { after: seq, most }).map(shown);
  return pageOf(log, { events: [resync, ...rest], reached: seq + rest.length, end });
}

function pageOf(
  { row: { generation, seq: last } }: EventLog,
  { events, reached, end }: { events: ShownEvent[]; reached: number; end: number | undefined },
): EventsPage {
  return {
    events,
    cursor: { generation, seq: reached },
    terminal: end !== undefined && reached >= end,
    more: reached < last,
  };
}

/** Up to which number the log cannot be told any more: attempts of that time are past retention. */
function lostUpTo({ row, oldest }: EventLog): number {
  // Of the first generation attempt 1 is on record from its end on; a later generation begins anywhere.
  const missing = row.generation === 0 && row.attempt > 1 && (oldest === null || oldest.attempt > 1);
  return missing ? (oldest?.firstSeq ?? row.queuedSeq ?? 1) - 1 : 0;
}
