/**
 * What becomes of a job when a parent of it dies or is cancelled: it is cancelled too, it runs all the same, or it waits
 * until the parent is replayed and succeeds (of a cancelled parent, which is never replayed: it is cancelled).
 */
export const failurePolicies = ['cancel', 'run', 'hold'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

/** What becomes of a job when one of its uniqueness is there already. */
export const uniqueConflicts = ['reject', 'existing', 'replace', 'debounce', 'throttle'] as const;
export type UniqueConflict = (typeof uniqueConflicts)[number];
