import type { BatonError } from '@baton/contracts';
import type { DueSchedule } from '../sql/fire-schedules.sql.js';
import type { Queryable } from '../sql/statement.js';

/** What is about to be fired of a schedule. */
export interface Firing extends Pick<DueSchedule, 'queue' | 'payload'> {
  jobs: number;
}

/**
 * The door that posted jobs pass, for firings: the queue takes new jobs, has room for these, and the payload fits its schema.
 * @returns a refusal, or undefined, for each
 */
export type FiringDoor = (
  db: Queryable,
  firings: readonly Firing[],
) => Promise<readonly (BatonError | undefined)[]>;

export const openDoor: FiringDoor = (_, firings) => Promise.resolve(firings.map(() => undefined));

/** The queue may take it later: a schedule that makes up for missed runs keeps it. */
export function mayPass({ code }: BatonError): boolean {
  return code === 'state_conflict' || code === 'queue_backlogged';
}
