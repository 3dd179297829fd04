import type { ProgressNote, Settlement } from './settlement.js';

/** The later of two notes of one execution, with what only the earlier one says. */
export function mergeNotes(earlier: ProgressNote | undefined, later: ProgressNote): ProgressNote {
  return { ...earlier, ...later };
}

/**
 * What was said of progress, one for each execution: all that it said, in one. An execution that is not the one that
 * ends its attempt in this batch has nothing to add to it.
 */
export function progressNotes(said: readonly Settlement[], ended: readonly Settlement[]): Settlement[] {
  const enderOf = new Map(ended.map((s) => [attemptOf(s), s.executionId]));
  const notes = new Map<string, Settlement>();
  for (const settlement of said) {
    const { progress, executionId } = settlement;
    if (progress === undefined || (enderOf.get(attemptOf(settlement)) ?? executionId) !== executionId)
      continue;
    const before = notes.get(executionId);
    notes.set(executionId, { ...settlement, progress: mergeNotes(before?.progress, progress) });
  }
  return [...notes.values()];
}

function attemptOf({ jobId, attempt }: Settlement): string {
  return `${jobId}/${attempt}`;
}
