import { isTerminal } from '@baton/contracts';
import type { AttemptSource, EventLog, EventSource, LoggedEvent } from './event-log.js';

type Named = Omit<LoggedEvent, 'generation' | 'seq'>;

/**
 * Tells a job's events in order. All that happens to a job is numbered in one series; most of it is not kept as a row of
 * its own but told here from the numbers in its row and its attempts. A number that nothing names is a `job.held`: a hold
 * follows at once from what precedes it, or from the time for which that was scheduled, and so has its time from there.
 *
 * What was told once is told the same again, but for the reason of a hold, which is known only while it lasts.
 * @param options.after the number after which to begin; 0 is before the first
 * @param options.most how many events at most
 */
export function tellEvents(
  log: EventLog,
  { after, most = Number.POSITIVE_INFINITY }: { after: number; most?: number },
): LoggedEvent[] {
  const { generation, seq: last, state, reason } = log.row;
  const named = nameEvents(log);
  const events: LoggedEvent[] = [];
  let from = precedingTime(named, after, log.row.createdAtMs);
  for (let seq = after + 1; seq <= last && events.length < most; seq++) {
    const event = named.get(seq) ?? held(from, seq === last && state === 'held' ? reason : null);
    events.push({ generation, seq, ...event });
    from = endOf(event);
  }
  return events;
}

/** The number of the event that ended the job; only expiry is told after it. */
export function terminalSeq({ row, notes }: EventLog): number | undefined {
  if (!isTerminal(row.state)) return undefined;
  const noted = new Set(notes.filter((note) => note.type === 'result.expiring').map((note) => note.seq));
  let seq = row.seq;
  while (noted.has(seq)) seq--;
  return seq;
}

function nameEvents(log: EventLog): Map<number, Named> {
  const named = new Map<number, Named>();
  const name = (seq: number | null, event: Named): void => {
    if (seq !== null && !named.has(seq)) named.set(seq, event);
  };
  for (const { seq, type, atMs, data } of log.notes)
    name(seq, { type, atMs, data: data === null ? {} : (JSON.parse(data) as Record<string, unknown>) });
  nameFirst(log.row, name);
  for (const attempt of log.attempts) nameAttempt(attempt, name);
  nameCurrent(log.row, name);
  const end = terminalSeq(log);
  if (end !== undefined) name(end, terminal(log.row));
  return named;
}

type Name = (seq: number | null, event: Named) => void;

function nameFirst(row: EventSource, name: Name): void {
  const { generation, queue, createdAtMs: atMs, firstDueAtMs } = row;
  if (generation > 0) return;
  name(1, { type: 'job.accepted', atMs, data: { queue } });
  if (firstDueAtMs !== null) name(2, scheduled(atMs, firstDueAtMs));
}

function nameAttempt(ended: AttemptSource, name: Name): void {
  const { attempt, queuedSeq, queuedAtMs, startedSeq, endedSeq, finishedAtMs, retryAtMs, outcome } = ended;
  const { executionId, workerId: worker } = ended;
  const entry = { ...(executionId !== null && { executionId }), ...(worker !== null && { worker }) };
  const error = ended.error === null ? {} : { error: JSON.parse(ended.error) as unknown };
  name(queuedSeq, { type: 'job.queued', atMs: queuedAtMs ?? finishedAtMs, data: { attempt } });
  name(startedSeq, {
    type: 'attempt.started',
    atMs: ended.startedAtMs ?? finishedAtMs,
    data: { attempt, ...entry },
  });
  const type = outcome === 'failed' ? 'attempt.failed' : 'attempt.released';
  name(endedSeq, { type, atMs: finishedAtMs, data: { attempt, outcome, ...entry, ...error } });
  if (retryAtMs !== null) name(endedSeq + 1, scheduled(finishedAtMs, retryAtMs));
}

/** The current attempt, or the last one of a job that has ended. */
function nameCurrent(row: EventSource, name: Name): void {
  const { attempt, queuedSeq, queuedAtMs, startedSeq, startedAtMs, executionId, workerId } = row;
  const atMs = queuedAtMs ?? row.createdAtMs;
  name(queuedSeq, { type: 'job.queued', atMs, data: { attempt } });
  const entry = {
    ...(executionId !== null && { executionId }),
    ...(workerId !== null && { worker: workerId }),
  };
  name(startedSeq, { type: 'attempt.started', atMs: startedAtMs ?? atMs, data: { attempt, ...entry } });
}

function terminal(row: EventSource): Named {
  const { id, state, attempt, failures, error, result } = row;
  const links = { result: `/v1/results/${id}` };
  const type = state === 'succeeded' ? 'job.succeeded' : state === 'dead' ? 'job.dead' : 'job.cancelled';
  return {
    type,
    atMs: row.finishedAtMs ?? row.createdAtMs,
    data: {
      state,
      attempt,
      failures,
      // The handler had finished first: the cancel came too late.
      ...(state === 'succeeded' && row.cancelRequestedAtMs !== null && { cancelRequested: true }),
      ...(result !== null && { result: JSON.parse(result) as unknown }),
      ...(error !== null && { error: JSON.parse(error) as unknown }),
      links,
    },
  };
}

function scheduled(atMs: number, runAtMs: number): Named {
  return { type: 'job.scheduled', atMs, data: { runAt: new Date(runAtMs).toISOString() } };
}

function held(atMs: number, reason: string | null): Named {
  return { type: 'job.held', atMs, data: reason === null ? {} : { reason } };
}

/** When what follows at once from an event happens. */
function endOf({ type, atMs, data }: Named): number {
  if (type !== 'job.scheduled') return atMs;
  const runAtMs = Date.parse(String(data['runAt']));
  return Number.isNaN(runAtMs) ? atMs : Math.max(atMs, runAtMs);
}

/** The time from which an event after number `after` follows, where nothing names it. */
function precedingTime(named: ReadonlyMap<number, Named>, after: number, createdAtMs: number): number {
  for (let seq = after; seq > 0; seq--) {
    const event = named.get(seq);
    if (event) return endOf(event);
  }
  return createdAtMs;
}
