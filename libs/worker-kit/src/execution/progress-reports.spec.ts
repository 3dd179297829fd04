import { jest } from '@jest/globals';
import type { ProgressNote } from './progress-note.js';
import { ProgressReports } from './progress-reports.js';

interface Said {
  note: ProgressNote;
  onKept: (error?: Error) => void;
}

function reports(everyMs = 1_000): { reports: ProgressReports; said: Said[] } {
  const said: Said[] = [];
  return { reports: new ProgressReports((note, onKept) => said.push({ note, onKept }), everyMs), said };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('says the first note at once, and then at most one a second, with all that came since', async () => {
  const { reports: progress, said } = reports();
  void progress.note({ fraction: 0.1, data: '1' });
  expect(said.map(({ note }) => note)).toEqual([{ fraction: 0.1, data: '1' }]);
  said[0]!.onKept();
  for (let n = 2; n < 10; n++) void progress.note({ fraction: n / 10, ...(n === 5 && { checkpoint: '5' }) });
  jest.advanceTimersByTime(999);
  expect(said).toHaveLength(1);
  jest.advanceTimersByTime(1);
  expect(said[1]?.note).toEqual({ fraction: 0.9, checkpoint: '5' });
  jest.advanceTimersByTime(10_000);
  expect(said).toHaveLength(2);
});

it('holds one note, not a line of them, while the store is away', async () => {
  const { reports: progress, said } = reports();
  for (let n = 0; n < 100; n++) {
    void progress.note({ fraction: n / 100 });
    jest.advanceTimersByTime(1_000);
  }
  expect(said).toHaveLength(1);
  said[0]!.onKept();
  expect(said[1]?.note).toEqual({ fraction: 0.99 });
});

it('resolves when a note is kept, and gives what is due at the end to the outcome', async () => {
  const { reports: progress, said } = reports();
  const kept: string[] = [];
  void progress.note({ checkpoint: '1' }).then(() => kept.push('first'));
  await Promise.resolve();
  expect(kept).toEqual([]);
  said[0]!.onKept();
  const second = progress.note({ fraction: 1 });
  expect(progress.end()).toEqual({ fraction: 1 });
  await second;
  expect(kept).toEqual(['first']);
  await progress.note({ fraction: 0 }); // of a handler that was given up
  expect(said).toHaveLength(1);
  jest.advanceTimersByTime(5_000);
  expect(said).toHaveLength(1);
});

it('rejects when the job is lost, and harms nobody who does not wait', async () => {
  const { reports: progress, said } = reports();
  const first = progress.note({ checkpoint: '1' });
  said[0]!.onKept(new Error('lost'));
  await expect(first).rejects.toThrow('lost');
  const second = progress.note({ checkpoint: '2' });
  progress.end(new Error('lost too'));
  await expect(second).rejects.toThrow('lost too');
});
