import { drawCheckpoints } from './checkpoints.js';

test('each checkpoint with its time, and how long it took to get there', () => {
  const drawn = drawCheckpoints({
    id: 'j',
    traceId: 't',
    state: 'succeeded',
    createdAt: '2026-01-01T00:00:00.000Z',
    queuedAt: '2026-01-01T00:00:00.002Z',
    attempts: [
      {
        attempt: 1,
        worker: 'w',
        startedAt: '2026-01-01T00:00:00.010Z',
        finishedAt: '2026-01-01T00:00:00.020Z',
        outcome: 'failed',
      },
      {
        attempt: 2,
        worker: 'w',
        startedAt: '2026-01-01T00:00:01.020Z',
        finishedAt: '2026-01-01T00:00:01.030Z',
        outcome: 'succeeded',
      },
    ],
    finishedAt: '2026-01-01T00:00:01.035Z',
  });
  expect(drawn.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | '))).toEqual([
    'accepted | 2026-01-01T00:00:00.000Z',
    'released | 2026-01-01T00:00:00.002Z | +2 ms',
    'attempt 1 started | 2026-01-01T00:00:00.010Z | +8 ms',
    'attempt 1 failed | 2026-01-01T00:00:00.020Z | +10 ms',
    'attempt 2 started | 2026-01-01T00:00:01.020Z | +1000 ms',
    'attempt 2 succeeded | 2026-01-01T00:00:01.030Z | +10 ms',
    'settled: succeeded | 2026-01-01T00:00:01.035Z | +5 ms',
  ]);
});
