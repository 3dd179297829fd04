import { once } from 'node:events';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { DispatchMode } from '@baton/contracts';
import { BenchError } from '../bench.error.js';
import { BatonDeployment } from '../contenders/baton/baton-deployment.js';
import { residentMb } from '../memory/resident-memory.js';
import { formatNumber } from '../report/format.js';
import { type Table, textTable } from '../report/table.js';
import type { BenchContext } from '../run/bench-context.js';

const sampleEveryMs = 200;
/** Lines that go to the socket together. */
const linesAtOnce = 500;

/** What the producer held while a stream ran. */
export interface StreamFigures {
  lines: number;
  seconds: number;
  /** MB, before the first line, and each {@link sampleEveryMs} from then on. */
  atRest: number;
  samples: readonly number[];
}

/**
 * One NDJSON stream of `--jobs` lines, each with a key of its own, answered line by line: how fast, and what the producer
 * holds in memory meanwhile. Bounded: the last quarter of the stream holds no more than the second.
 * @returns a table as text
 */
export async function measureStream(
  context: BenchContext,
  mode: DispatchMode,
  print: (line: string) => void,
): Promise<string> {
  const { drainJobs: lines, sampledShare } = context.settings;
  const queue = `stream-${mode}`;
  const deployment = await BatonDeployment.prepare(context, { mode, queue, concurrency: 1, sampledShare });
  try {
    await deployment.start('producer');
    await deployment.putQueue({ maxBacklog: Math.max(lines, 1_000_000) });
    print(`Baton, ${mode}: a stream of ${lines} lines`);
    return textTable(streamTable(await Promise.race([stream(deployment, queue, lines), deployment.failed])));
  } finally {
    await deployment.close();
  }
}

async function stream(deployment: BatonDeployment, queue: string, lines: number): Promise<StreamFigures> {
  const held = (): number => residentMb({ producer: deployment.pids['producer'] })['producer'] ?? Number.NaN;
  const atRest = held();
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(held()), sampleEveryMs);
  const begun = performance.now();
  try {
    const call = request(`${deployment.urlOf('producer')}/v1/jobs/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'application/x-ndjson' },
    });
    const sent = pipeline(Readable.from(linesOf(queue, lines)), call);
    const [response] = (await once(call, 'response')) as [Readable];
    let accepted = 0;
    for await (const line of createInterface({ input: response })) {
      const answer = JSON.parse(line) as { id?: string; error?: { code: string } };
      if (answer.id === undefined) throw new BenchError(`A line was refused: ${line}`);
      accepted++;
    }
    await sent;
    if (accepted !== lines) throw new BenchError(`${accepted} of ${lines} lines were answered`);
  } finally {
    clearInterval(timer);
  }
  return { lines, seconds: (performance.now() - begun) / 1_000, atRest, samples };
}

function* linesOf(queue: string, lines: number): Generator<string> {
  for (let from = 0; from < lines; from += linesAtOnce) {
    let text = '';
    for (let n = from; n < Math.min(lines, from + linesAtOnce); n++)
      text += `${JSON.stringify({ queue, payload: { n }, idempotencyKey: `k${n}` })}\n`;
    yield text;
  }
}

/** The growth is of the last quarter's most over the second quarter's: what a service keeps of each line would show there. */
export function streamTable({ lines, seconds, atRest, samples }: StreamFigures): Table {
  const most = (from: number, to: number): number =>
    Math.max(...samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)));
  return {
    columns: [
      '>lines',
      '>lines/s',
      '>at rest, MB',
      '>most, MB',
      '>2nd quarter, MB',
      '>last quarter, MB',
      '>growth, MB',
    ],
    rows: [
      [
        lines.toLocaleString('en-US'),
        formatNumber(lines / seconds),
        formatNumber(atRest),
        formatNumber(most(0, 1)),
        formatNumber(most(0.25, 0.5)),
        formatNumber(most(0.75, 1)),
        (most(0.75, 1) - most(0.25, 0.5)).toFixed(0),
      ],
    ],
  };
}
