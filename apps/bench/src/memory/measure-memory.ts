import { setTimeout as sleep } from 'node:timers/promises';
import type { DispatchMode } from '@baton/contracts';
import { makeContender } from '../contenders/make-contender.js';
import { formatNumber } from '../report/format.js';
import { type Table, textTable } from '../report/table.js';
import type { BenchContext } from '../run/bench-context.js';
import { residentMb } from './resident-memory.js';

/** V8 gives back what a process at rest does not use, but not before 100 s after its last full collection. */
const restMs = 150_000;

/**
 * Workload 14: what the services hold in memory at rest, after a drain, and after another one as large: a service that
 * keeps something of each job grows from the second figure to the third.
 * @returns a table as text, MB a service
 */
export async function measureMemory(
  context: BenchContext,
  mode: DispatchMode,
  print: (line: string) => void,
): Promise<string> {
  const contender = makeContender(context, `baton-${mode}`);
  const { drainJobs } = context.settings;
  print(`${contender.label}: at rest, and each time ${restMs / 1_000} s later`);
  const resting = await contender.openLatency('http');
  const atRest = await measured(() => resting.pids()).finally(() => resting.close());
  const session = await contender.openDrain();
  try {
    const after: Record<string, number>[] = [];
    for (const time of ['first', 'second']) {
      print(`${contender.label}: the ${time} ${drainJobs} jobs`);
      await session.queue(drainJobs);
      await session.drain(drainJobs);
      after.push(await measured(() => session.pids()));
    }
    return textTable(memoryTable({ atRest, first: after[0]!, second: after[1]!, drainJobs }));
  } finally {
    await session.close();
  }
}

async function measured(pids: () => Readonly<Record<string, number | undefined>>) {
  await sleep(restMs);
  return residentMb(pids());
}

/** Where each service stands; a growth is what it kept of the second drain. */
export function memoryTable({
  atRest,
  first,
  second,
  drainJobs,
}: Record<'atRest' | 'first' | 'second', Record<string, number>> & { drainJobs: number }): Table {
  const jobs = drainJobs.toLocaleString('en-US');
  return {
    columns: [
      'service',
      '>at rest, MB',
      `>after ${jobs} jobs`,
      '>after as many again',
      '>growth a million jobs, MB',
    ],
    rows: Object.keys(second).map((name) => [
      name,
      formatNumber(atRest[name]),
      formatNumber(first[name]),
      formatNumber(second[name]),
      first[name] === undefined ? '–' : ((second[name]! - first[name]) * (1e6 / drainJobs)).toFixed(0),
    ]),
  };
}
