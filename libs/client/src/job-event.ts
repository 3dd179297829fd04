import {
  isTerminal,
  type JobEventType,
  type JobState,
  jobStates,
  parseCursor,
  type ErrorCode,
} from '@baton/contracts';

/** One event of a job's log; docs/events.md has each type's `data`. */
export interface JobEvent {
  /** `generation:seq`. Whoever has it has all before it, and goes on from it on any channel of any gateway. */
  cursor: string;
  /** `resync`: the place that was asked for is not there any more; `data` says where the job stands, and the log goes on. */
  type: JobEventType | 'resync';
  /** ISO 8601. */
  at: string;
  data: Record<string, unknown>;
}

const endTypes: readonly string[] = ['job.succeeded', 'job.dead', 'job.cancelled'];

/** The event that ends the job: the last that is told. */
export function isEnd({ type }: JobEvent): boolean {
  return endTypes.includes(type);
}

/** Whether an event lies beyond the place that a client has; what does not was told already. */
export function isBeyond({ type, cursor }: JobEvent, place: string | undefined): boolean {
  if (type === 'resync' || place === undefined) return true;
  const [has, is] = [parseCursor(place), parseCursor(cursor)];
  if (!has || !is) return true;
  return is.generation === has.generation ? is.seq > has.seq : is.generation > has.generation;
}

export interface JobProgress {
  /** 0 to 1. */
  fraction?: number;
  data?: unknown;
}

/** Where a job stands, as its events tell it. */
export interface JobView {
  /** Undefined before the first event. */
  state?: JobState;
  attempt?: number;
  progress?: JobProgress;
  /** Of a job that is dead, was cancelled, or will be tried again. */
  error?: { code: ErrorCode; message: string };
  overdue?: true;
  cursor?: string;
}

const stateOf: Partial<Record<JobEvent['type'], JobState>> = {
  'job.scheduled': 'scheduled',
  'job.held': 'held',
  'job.queued': 'queued',
  'attempt.started': 'running',
  'job.succeeded': 'succeeded',
  'job.dead': 'dead',
  'job.cancelled': 'cancelled',
};

/** What is known of a job after one more event. */
export function viewAfter(view: JobView, { type, cursor, data }: JobEvent): JobView {
  if (type === 'resync') return snapshot(cursor, data);
  const next: JobView = { ...view, cursor };
  const state = stateOf[type];
  if (state) next.state = state;
  if (typeof data['attempt'] === 'number') next.attempt = data['attempt'];
  if (type === 'job.progress') next.progress = { ...view.progress, ...progressOf(data) };
  if (type === 'attempt.started') delete next.progress;
  if (type === 'job.overdue') next.overdue = true;
  if (data['error']) next.error = data['error'] as NonNullable<JobView['error']>;
  else if (state && isTerminal(state)) delete next.error;
  return next;
}

function progressOf({ fraction, data }: Record<string, unknown>): JobProgress {
  return { ...(typeof fraction === 'number' && { fraction }), ...(data !== undefined && { data }) };
}

function snapshot(cursor: string, data: Record<string, unknown>): JobView {
  const { state, attempt, progress, progressData, error, overdue } = data;
  return {
    cursor,
    ...(jobStates.includes(state as JobState) && { state: state as JobState }),
    ...(typeof attempt === 'number' && { attempt }),
    ...(progress !== undefined && { progress: progressOf({ fraction: progress, data: progressData }) }),
    ...(error !== undefined && { error: error as NonNullable<JobView['error']> }),
    ...(overdue === true && { overdue }),
  };
}
