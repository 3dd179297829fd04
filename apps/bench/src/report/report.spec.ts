import { limitTitles } from '../limits/limits.js';
import { defaultSettings } from '../run/bench-settings.js';
import type { Door, Sample, WorkloadId } from '../workloads/workload.js';
import { barChart } from './bar-chart.js';
import type { BenchReport, ContenderDescription } from './bench-report.js';
import { compare } from './compare.js';
import { fillPage } from './page.js';
import { reportText } from './print-report.js';
import { standingOf } from './targets.js';

const contender = (
  id: string,
  kind: ContenderDescription['kind'],
  ground: ContenderDescription['ground'],
): ContenderDescription => ({
  id,
  label: `The ${id}`,
  kind,
  ground,
  drainConcurrency: 100,
});
const contenders = [
  contender('baton-polling', 'baton', 'postgres'),
  contender('baton-event', 'baton', 'kafka'),
  contender('graphile', 'postgres', 'postgres'),
  contender('graphile-local', 'postgres', 'postgres'),
  contender('bullmq', 'redis', 'redis'),
];
const sample = (
  workload: WorkloadId,
  id: string,
  door: Door,
  figures: Record<string, number>,
  run = 1,
): Sample => ({ workload, contender: id, door, run, figures });
const limits = {
  ...(Object.fromEntries(Object.keys(limitTitles).map((name) => [name, 20_000])) as Record<
    keyof typeof limitTitles,
    number
  >),
  commitMs: 0.5,
  kafkaHopMs: 2,
};

const samples = [
  sample(1, 'baton-polling', 'http', { p50Ms: 2, p99Ms: 9 }, 1),
  sample(1, 'baton-polling', 'http', { p50Ms: 3, p99Ms: 30 }, 2),
  sample(1, 'baton-polling', 'http', { p50Ms: 9, p99Ms: 10 }, 3),
  sample(1, 'graphile', 'http', { p50Ms: 6 }),
  sample(1, 'graphile-local', 'http', { p50Ms: 4 }),
  sample(1, 'graphile', 'in-process', { p50Ms: 1 }),
  sample(3, 'baton-event', 'http', { jobsPerSecond: 10_000 }),
  sample(3, 'graphile', 'in-process', { jobsPerSecond: 5_000 }),
  sample(3, 'graphile-local', 'in-process', { jobsPerSecond: 25_000 }),
  sample(3, 'bullmq', 'in-process', { jobsPerSecond: 8_000 }),
];
const rows = compare(samples, { contenders, limits });
const row = (workload: WorkloadId, id: string, door: Door = 'http') =>
  rows.find(
    (candidate) =>
      candidate.workload === workload && candidate.contender.id === id && candidate.door === door,
  )!;

test('a row is the median of its runs, with their range', () => {
  expect(row(1, 'baton-polling')).toMatchObject({ runs: 3, figures: { p50Ms: 3, p99Ms: 10 }, range: [2, 9] });
});

test('a latency is compared with the fastest peer by the same door', () => {
  expect(row(1, 'baton-polling').timesPostgresPeer).toBeCloseTo(4 / 3);
  expect(row(1, 'graphile', 'in-process').timesPostgresPeer).toBe(1);
  expect(row(1, 'baton-polling').timesRedisPeer).toBeUndefined();
});

test('a drain is compared with peers whatever their door', () => {
  expect(row(3, 'baton-event')).toMatchObject({ timesPostgresPeer: 0.4, timesRedisPeer: 1.25 });
});

test('each row has its share of the limit that bounds it, but for Redis', () => {
  expect(row(1, 'baton-polling')).toMatchObject({ limit: 1.5, shareOfLimit: 0.5 });
  expect(row(3, 'baton-event')).toMatchObject({ limit: 20_000, shareOfLimit: 0.5 });
  expect(row(3, 'bullmq', 'in-process').limit).toBeUndefined();
});

test('targets: reached, not reached, not measured', () => {
  const standing = standingOf(rows, limits).map(({ workload, contender: id, target, met }) => [
    workload,
    id,
    target,
    met,
  ]);
  expect(standing).toContainEqual([1, 'baton-polling', 'p50 ≤ 4 ms', true]);
  expect(standing).toContainEqual([3, 'baton-event', '≥ 80 % of the bare pipeline', false]);
  expect(standing).toContainEqual([3, 'baton-event', '≥ 1.0 × BullMQ at the same durability', true]);
  expect(standing).toContainEqual([2, 'baton-polling', '≥ 1,500 jobs/s', undefined]);
});

const report: BenchReport = {
  startedAt: '2026-01-02T03:04:05.000Z',
  tookSeconds: 600,
  machine: { cpu: 'A <fast> one', cores: 2, memoryGb: 8, system: 'Linux' },
  versions: { Node: '24' },
  settings: defaultSettings,
  rows,
  limits,
  samples,
  limitSamples: [limits],
  failures: [],
};

test('the text has each workload that was measured, and no other', () => {
  const text = reportText(report);
  expect(text).toContain('1. sequential');
  expect(text).toContain('3. drain');
  expect(text).not.toContain('2. concurrent');
  expect(text).toContain('NOT REACHED');
});

test('the picture has a bar for each row, the longest for the highest figure, and its words are escaped', () => {
  const svg = barChart(rows, { title: 'Bench', subtitle: report.machine.cpu });
  expect(svg.startsWith('<svg ')).toBe(true);
  expect(svg.match(/<rect [^>]*height="18"/g)).toHaveLength(rows.length);
  expect(svg).toContain('A &lt;fast&gt; one');
  const lengthOf = (figure: string): number =>
    Number(new RegExp(`width="([\\d.]+)" height="18"[^>]*/>\\n[^\\n]*>${figure}<`).exec(svg)?.[1]);
  expect(lengthOf('25,000') / lengthOf('5,000')).toBeCloseTo(5, 1);
});

test('a page keeps what stands around its parts, also when it is filled again', () => {
  const blank = ['setting', 'targets', 'results', 'limits']
    .map((part) => `## ${part}\n<!-- bench:${part} -->\n<!-- /bench:${part} -->\nby hand\n`)
    .join('\n');
  const page = fillPage(blank, report);
  expect(page.match(/by hand/g)).toHaveLength(4);
  expect(page).toContain('| 1 | polling | p50 ≤ 4 ms | 3.00 ms | reached |');
  expect(fillPage(page, report)).toBe(page);
  expect(() => fillPage('## nothing', report)).toThrow('no place for its setting');
});
