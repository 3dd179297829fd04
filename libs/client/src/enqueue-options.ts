import type {
  Backoff,
  DispatchMode,
  JobState,
  PayloadOf,
  Priority,
  WebhookEventType,
} from '@baton/contracts';
import type { Parent, Unique } from './flow.js';

/** Milliseconds, or a text such as `250ms`, `2s`, `5m`, `1h`. */
export type Duration = string | number;

/** Whom to tell of the job's end: an endpoint of the tenant, or a URL of its own; docs/webhooks.md. */
export type Webhook = { events?: WebhookEventType[] } & (
  { endpoint: string } | { url: string; secret?: string }
);

/** A step of a delivery plan; the next begins when `for` is over and nobody has acknowledged the end. */
export type DeliveryPlanStep =
  { channel: 'stream'; for: Duration } | { channel: 'webhook'; endpoint: string; for?: Duration };

export interface EnqueueOptions {
  orderingKey?: string;
  /** Limits by key count by it; default: the orderingKey. */
  concurrencyKey?: string;
  priority?: Priority;
  runAt?: Date;
  delay?: Duration;
  maxAttempts?: number;
  backoff?: Backoff;
  timeout?: Duration;
  /** When it should be done, from when it became due: a job that is not is told overdue. */
  expectWithin?: Duration;
  metadata?: Record<string, string>;
  /** Jobs that must be done first, by their ids, at most 1,000. */
  dependsOn?: readonly Parent[];
  unique?: Unique;
  webhook?: Webhook;
  /** In which order channels get the job's end; not beside `webhook`. */
  delivery?: readonly DeliveryPlanStep[];
  /** Makes this submit one with every other of the same key. One is made where none is given. */
  idempotencyKey?: string;
  /** W3C trace context of the caller: the job becomes a part of that trace. */
  traceparent?: string;
  signal?: AbortSignal;
}

/** Of a request that posts several jobs. */
export type PostOptions = Pick<EnqueueOptions, 'idempotencyKey' | 'traceparent' | 'signal'>;

/** One job of a batch. */
export type BatchJob<Queue extends string = string> = { queue: Queue; payload: PayloadOf<Queue> } & Omit<
  EnqueueOptions,
  keyof PostOptions
>;

/** One job of a stream. */
export type StreamedJob<Queue extends string = string> = { queue: Queue; payload: PayloadOf<Queue> } & Omit<
  EnqueueOptions,
  'traceparent' | 'signal'
>;

/** One job of a flow: `dependsOn` are names in the flow. */
export type FlowJob<Queue extends string = string, Name extends string = string> = {
  name: Name;
  queue: Queue;
  payload: PayloadOf<Queue>;
} & Omit<EnqueueOptions, keyof PostOptions>;

/** A job as it was accepted. */
export interface JobHandle<Queue extends string = string> {
  id: string;
  /** It was there before, and stands for the one that was not unique. */
  existing?: boolean;
  queue: Queue;
  state: JobState;
  traceId: string;
  /** Reads this one job for 15 minutes; for browsers. */
  token: string;
  dispatchMode?: DispatchMode;
}

/** What a batch was accepted as, in its order. */
export interface BatchHandle {
  items: AcceptedJob[];
  /** The job that runs when all of them have ended, where one was given. */
  callback?: AcceptedJob;
}

export interface AcceptedJob {
  id: string;
  state: JobState;
  existing?: boolean;
}
