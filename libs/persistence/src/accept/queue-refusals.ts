import { BatonError } from '@baton/contracts';

export function unknownQueue(queue: string): BatonError {
  return new BatonError(
    'unknown_queue',
    `there is no queue "${queue}"; make it by PUT /v1/queues/${queue}, or start a worker with a handler for it`,
  );
}

export function queueDraining(queue: string): BatonError {
  return new BatonError(
    'state_conflict',
    `queue "${queue}" is draining and takes no new jobs; POST /v1/queues/${queue}/resume ends that`,
  );
}
