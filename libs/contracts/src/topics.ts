import { type Priority, priorityNames } from './priority.js';

export const topics = {
  outcomes: 'baton.outcomes',
  events: 'baton.events',
  control: 'baton.control',
  deadLetter: 'baton.dead-letter',
} as const;

/** The topic of a queue's jobs of one priority: `baton.jobs.<queue>`, `….high`, `….low`. */
export function jobTopic(queue: string, priority: Priority): string {
  return priority === 'normal' ? `baton.jobs.${queue}` : `baton.jobs.${queue}.${priority}`;
}

/** All three exist from the start, since a consumer cannot subscribe to more while it runs. */
export function jobTopics(queue: string): string[] {
  return priorityNames.map((priority) => jobTopic(queue, priority));
}

/** The consumer group that a queue's event workers share. */
export function jobGroup(queue: string): string {
  return `baton.workers.${queue}`;
}

/** The key of a cancelled job's entry on {@link topics.control}. */
export function cancelKey(jobId: string): string {
  return `cancel/${jobId}`;
}

/** The relay replicas' group on {@link topics.outcomes}. */
export const inboxGroup = 'baton.relay.inbox';

export const defaultPartitions = 12;
