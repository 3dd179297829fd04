import { counter, secondsHistogram } from './define-metric.js';

// Each part of the way, in the order of the way.

export const acceptSeconds = secondsHistogram(
  'baton_accept_seconds',
  'From a request for a job to its commit',
  ['queue'],
);

export const outboxWaitSeconds = secondsHistogram(
  'baton_outbox_wait_seconds',
  "From a job's release to its hand-over to the broker",
  ['queue'],
);

export const brokerSeconds = secondsHistogram(
  'baton_broker_seconds',
  "From the hand-over to the broker to the worker's receipt",
  ['queue'],
);

export const claimSeconds = secondsHistogram(
  'baton_claim_seconds',
  "From a job's release (polling) or receipt (event) to a worker taking it",
  ['queue', 'mode'],
);

export const runSeconds = secondsHistogram(
  'messaging_process_duration_seconds',
  'Time in the handler, an execution; error_type is empty where it did not fail',
  ['messaging_destination_name', 'error_type'],
);

export const settleSeconds = secondsHistogram(
  'baton_settle_seconds',
  "From an execution's end to the commit that settles it",
  ['queue', 'mode'],
);

export const deliverSeconds = secondsHistogram(
  'baton_deliver_seconds',
  'From the settling commit to the result being handed over',
  ['channel'],
);

export const endToEndSeconds = secondsHistogram(
  'baton_job_seconds',
  'From the acceptance of a job to its terminal state',
  ['queue', 'state'],
);

export const httpSeconds = secondsHistogram(
  'http_server_request_duration_seconds',
  'HTTP requests, by route',
  ['http_request_method', 'http_route', 'http_response_status_code'],
);

export const clientOperationSeconds = secondsHistogram(
  'messaging_client_operation_duration_seconds',
  'Operations of the broker client',
  ['messaging_operation_name', 'messaging_destination_name', 'error_type'],
);

export const sentMessages = counter(
  'messaging_client_sent_messages_total',
  'Records that the broker has acknowledged',
  ['messaging_destination_name'],
);

export const consumedMessages = counter(
  'messaging_client_consumed_messages_total',
  'Records received from the broker',
  ['messaging_destination_name'],
);
