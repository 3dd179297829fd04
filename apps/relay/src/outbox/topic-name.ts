import { jobTopic, priorities, priorityNames, type Priority } from '@baton/contracts';
import type { OutboxTopic } from '@baton/persistence';

const nameOf = new Map<number, Priority>(priorityNames.map((name) => [priorities[name], name]));

/** The broker's name of a topic. @throws RangeError for a number that is no priority */
export function topicName({ queue, priority }: OutboxTopic): string {
  const name = nameOf.get(priority);
  if (name === undefined)
    throw new RangeError(
      `priority ${priority} of queue ${queue} is none of ${[...nameOf.keys()].join(', ')}`,
    );
  return jobTopic(queue, name);
}

/** A queue's three topics. */
export function topicsOf(queue: string): OutboxTopic[] {
  return priorityNames.map((name) => ({ queue, priority: priorities[name] }));
}
