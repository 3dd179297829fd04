import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { BatonClient, StreamedJob } from '@baton/client';

/** A job for each line of a file of addresses, however long it is. Run again after a crash, it makes none twice. */
export async function importAddresses(
  baton: BatonClient,
  file: string,
): Promise<{ jobs: number; refused: number }> {
  const count = { jobs: 0, refused: 0 };
  for await (const answer of baton.enqueueStream(jobsOf(file))) {
    if ('id' in answer) count.jobs++;
    else count.refused++;
  }
  return count;
}

async function* jobsOf(file: string): AsyncGenerator<StreamedJob> {
  let line = 0;
  for await (const url of createInterface({ input: createReadStream(file) })) {
    yield { queue: 'word-count', payload: { url }, idempotencyKey: `${file}:${++line}` };
  }
}
