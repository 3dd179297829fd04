import type { ShownJob } from './first-jobs-api.js';

interface Checkpoint {
  name: string;
  at: string;
}

/** The job's way as lines: each checkpoint with its time, and how long after the one before it. */
export function drawCheckpoints(job: ShownJob): string {
  const checkpoints = listCheckpoints(job);
  return checkpoints
    .map(({ name, at }, i) => {
      const waited = i === 0 ? '' : `+${Date.parse(at) - Date.parse(checkpoints[i - 1]?.at ?? at)} ms`;
      return `  ${name.padEnd(28)} ${at}  ${waited.padStart(9)}`.trimEnd();
    })
    .join('\n');
}

function listCheckpoints({ createdAt, queuedAt, attempts = [], finishedAt, state }: ShownJob): Checkpoint[] {
  const ofAttempts = attempts.flatMap(({ attempt, startedAt, finishedAt: ended, outcome }): Checkpoint[] => [
    { name: `attempt ${attempt} started`, at: startedAt },
    ...(ended ? [{ name: `attempt ${attempt} ${outcome ?? 'ended'}`, at: ended }] : []),
  ]);
  return [
    { name: 'accepted', at: createdAt },
    ...(queuedAt ? [{ name: 'released', at: queuedAt }] : []),
    ...ofAttempts,
    ...(finishedAt ? [{ name: `settled: ${state}`, at: finishedAt }] : []),
  ];
}
