import { trace, type Context, type TimeInput } from '@opentelemetry/api';
import { captureTrace } from '../carrier/capture-trace.js';
import type { TraceCarrier } from '../carrier/trace-carrier.js';
import { failSpan, isDrawn, startAt, underRun, type JobOfSpan, type SpanError } from './job-span.js';
import { derivedSpanId } from './span-ids.js';
import { attributeNames, spanKinds, spanNames } from './span-names.js';

export type DeliveryChannel = 'poll' | 'long-poll' | 'sse' | 'websocket' | 'webhook';

export interface DeliverOptions extends JobOfSpan {
  executionId?: string | undefined;
  channel: DeliveryChannel;
  /** Of a webhook: the delivery and which attempt of it this is; they give the span its id. */
  deliveryId?: string | undefined;
  deliveryAttempt?: number | undefined;
  /** Host of a webhook's receiver. */
  serverAddress?: string | undefined;
  startTime?: TimeInput | undefined;
}

export interface DeliverEnd {
  /** `delivered`, `acknowledged`, `retry`, `dead` …: a word of the channel's. */
  outcome?: string | undefined;
  httpStatus?: number | undefined;
  error?: SpanError | undefined;
  endTime?: TimeInput | undefined;
}

export interface DeliverSpan {
  context: Context;
  /** What a webhook's request carries on: `carrierToHeaders(deliver.carrier)`. */
  carrier: TraceCarrier;
  end(options?: DeliverEnd): void;
}

/** `result.deliver`: one attempt to hand the result over by one channel. */
export function startDeliverSpan(options: DeliverOptions): DeliverSpan {
  const place = underRun(options);
  if (!isDrawn(options.carrier)) {
    return { context: place.context, carrier: captureTrace(place.context), end: () => undefined };
  }
  const { deliveryId, deliveryAttempt, channel } = options;
  const span = startAt(place, spanNames.deliver, {
    kind: spanKinds.deliver[channel === 'webhook' ? 'webhook' : 'push'],
    // Two readers of one result are two deliveries: without an id of its own a delivery gets a random one.
    spanId: deliveryId === undefined ? undefined : derivedSpanId('deliver', deliveryId, deliveryAttempt ?? 1),
    startTime: options.startTime,
    attributes: {
      [attributeNames.operationName]: 'deliver',
      [attributeNames.operationType]: 'send',
      [attributeNames.channel]: channel,
      [attributeNames.messageId]: deliveryId,
      [attributeNames.deliveryAttempt]: deliveryAttempt,
      [attributeNames.serverAddress]: options.serverAddress,
    },
  });
  const context = trace.setSpan(place.context, span);
  return {
    context,
    carrier: captureTrace(context),
    end: ({ outcome, httpStatus, error, endTime } = {}) => {
      if (outcome !== undefined) span.setAttribute(attributeNames.outcome, outcome);
      if (httpStatus !== undefined) span.setAttribute(attributeNames.httpStatus, httpStatus);
      if (error !== undefined) failSpan(span, error);
      span.end(endTime);
    },
  };
}

/** `result.deliver` after the fact, where nothing is carried on: polls, streams, replays. */
export function recordDeliver(options: DeliverOptions & DeliverEnd): void {
  if (isDrawn(options.carrier)) startDeliverSpan(options).end(options);
}
