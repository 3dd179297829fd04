/**
 * Whoever locks several jobs locks them in the order of their ids, or two wait for each other. A statement that does so as it
 * comes upon them is given them in this order: hot statements go through what they are given by nested loops.
 */
export function inOrderOfJobs<T>(all: readonly T[], jobIdOf: (each: T) => string): T[] {
  return [...all].sort((a, b) => (jobIdOf(a) < jobIdOf(b) ? -1 : 1));
}
