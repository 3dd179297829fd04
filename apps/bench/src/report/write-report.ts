import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { barChart } from './bar-chart.js';
import type { BenchReport } from './bench-report.js';
import { fillPage } from './page.js';

/** Writes `results.json` and `results.svg` into a folder, and fills its README.md where there is one. Resolves to what was written. */
export async function writeReport(folder: string, report: BenchReport): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const { machine, startedAt, rows } = report;
  const chart = barChart(rows, {
    title: 'Baton beside its peers',
    subtitle: `${startedAt.slice(0, 10)}, ${machine.cores} cores, ${machine.cpu}; medians of ${report.settings.runs} runs`,
  });
  const files = new Map([
    [path.join(folder, 'results.json'), `${JSON.stringify(report, null, 2)}\n`],
    [path.join(folder, 'results.svg'), chart],
  ]);
  const page = path.join(folder, 'README.md');
  const text = await readFile(page, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined; // a partial run's folder has no page
    throw error;
  });
  if (text !== undefined) files.set(page, fillPage(text, report));
  for (const [file, content] of files) await writeFile(file, content);
  return [...files.keys()];
}
