/** From "nothing to mend" to "believes anybody": the worst that was found decides. */
export const grades = ['A', 'B', 'C', 'D', 'E', 'F'] as const;
export type Grade = (typeof grades)[number];

export const gradeMeanings: Record<Grade, string> = {
  A: 'nothing to mend',
  B: 'works, with a rough edge',
  C: 'will be paused or lose alerts in the long run',
  D: 'loses deliveries, or does things twice',
  E: 'takes old or re-labelled deliveries again: open to replays',
  F: 'believes forged deliveries, or refuses genuine ones',
};

/** What one check found. */
export interface Finding {
  check: string;
  /** `unknown`: cannot be seen from outside, and does not count. */
  verdict: 'pass' | 'fail' | 'unknown';
  /** What was played, and what came of it. */
  saw: string;
  /** Of a failed check: the best grade that is left. */
  grade?: Grade;
  /** What to do. */
  advice?: string;
}

export function gradeOf(findings: readonly Finding[]): Grade {
  const failed = findings.flatMap(({ verdict, grade }) =>
    verdict === 'fail' && grade ? [grades.indexOf(grade)] : [],
  );
  return grades[Math.max(0, ...failed)]!;
}
