/**
 * The trace context of a job as it travels: three text columns of its row, three headers of its Kafka record.
 * Written once, when the job is accepted, and copied onwards unchanged.
 */
export interface TraceCarrier {
  /** W3C, version 00: 55 characters. */
  traceparent: string;
  /** W3C list of vendors' members; kept as it came. */
  tracestate?: string | undefined;
  /** W3C baggage, allow-listed keys only. */
  baggage?: string | undefined;
}

/** Why a context could not be used. */
export type BrokenTrace = 'missing' | 'malformed';
