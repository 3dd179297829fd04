import { type Line, type LineBounds, readLines } from './read-lines.js';

const bounds: LineBounds = { lineBytes: 20, batchLines: 3, batchBytes: 1_000, idleMs: 5 };

async function* chunks(...parts: string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield Buffer.from(part);
}

async function batches(source: AsyncIterable<Buffer>, more: Partial<LineBounds> = {}): Promise<string[][]> {
  const all: string[][] = [];
  for await (const batch of readLines(source, { ...bounds, ...more })) all.push(batch.map(show));
  return all;
}
const show = ({ number, bytes }: Line): string => `${number} ${bytes?.toString() ?? 'too long'}`;

it('cuts lines wherever the chunks are cut', async () => {
  expect(await batches(chunks('a\nb', 'b\n', '\n', 'c', 'c', 'c\r\nd'))).toEqual([
    ['1 a', '2 bb', '4 ccc\r'],
    ['5 d'],
  ]);
  expect(await batches(chunks())).toEqual([]);
  expect(await batches(chunks('\n \n\t\n'))).toEqual([]);
});

it('a batch is full by its lines or by its bytes', async () => {
  expect(await batches(chunks('1\n2\n3\n4\n'))).toEqual([['1 1', '2 2', '3 3'], ['4 4']]);
  expect(await batches(chunks('12345\n678\n9\n'), { batchBytes: 8 })).toEqual([
    ['1 12345', '2 678'],
    ['3 9'],
  ]);
});

it('skips a line that is too long, however long it is, and says so', async () => {
  expect(
    await batches(chunks('x'.repeat(15), 'x'.repeat(6), 'x'.repeat(9_000), '\nb\n', 'y'.repeat(21))),
  ).toEqual([['1 too long', '2 b', '3 too long']]);
});

it('does not keep a caller waiting who waits for an answer', async () => {
  const asked = Promise.withResolvers<Buffer>();
  async function* source(): AsyncGenerator<Buffer> {
    yield Buffer.from('a\nb');
    yield await asked.promise;
  }
  const lines = readLines(source(), bounds);
  expect((await lines.next()).value?.map(show)).toEqual(['1 a']);
  asked.resolve(Buffer.from('b\n'));
  expect((await lines.next()).value?.map(show)).toEqual(['2 bb']);
  expect((await lines.next()).done).toBe(true);
});

it('a stream that breaks throws, and its source is closed when the reader leaves', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('a\n');
    throw new Error('aborted');
  }
  await expect(batches(broken(), { idleMs: 1_000 })).rejects.toThrow('aborted');
  let closed = false;
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield Buffer.from('a\n');
    } finally {
      closed = true;
    }
  }
  for await (const _batch of readLines(endless(), bounds)) break;
  expect(closed).toBe(true);
});
