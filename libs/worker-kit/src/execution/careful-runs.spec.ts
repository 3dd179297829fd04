import { CarefulRuns } from './careful-runs.js';
import type { Delivery } from './delivery.js';

interface Scene {
  runs: CarefulRuns<{ delivery: Delivery }>;
  /** What happened, in order. */
  log: string[];
  /** What others run. */
  others: number;
  acked: Map<string, (mayEnter: boolean) => void>;
}

function scene({ patienceMs }: { patienceMs?: number } = {}): Scene {
  const made: Scene = { log: [], others: 0, acked: new Map(), runs: undefined as never };
  const idOf = (job: { delivery: Delivery }): string => job.delivery.executionId;
  made.runs = new CarefulRuns({
    running: () => made.others,
    announce: (job, alone) => {
      made.log.push(`announce ${idOf(job)}${alone ? ' alone' : ''}`);
      return new Promise((resolve) => made.acked.set(idOf(job), resolve));
    },
    enter: (job) => void made.log.push(`enter ${idOf(job)}`),
    onFree: () => void made.log.push('free'),
    ...(patienceMs !== undefined && { patienceMs }),
  });
  return made;
}
const job = (executionId: string): { delivery: Delivery } => ({ delivery: { executionId } as Delivery });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function ack({ acked }: Scene, id: string, mayEnter = true): Promise<void> {
  acked.get(id)!(mayEnter);
  await turn();
}

it('waits until nothing else runs, announces, enters, and is free when it has ended', async () => {
  const it = scene();
  it.others = 2;
  it.runs.add(job('a'), { alone: true });
  expect(it.runs.busy).toBe(true);
  it.others = 1;
  it.runs.ended('x');
  expect(it.log).toEqual([]);
  it.others = 0;
  it.runs.ended('y');
  expect(it.log).toEqual(['announce a alone']);
  await ack(it, 'a');
  it.runs.survived('a');
  expect(it.runs.busy).toBe(true);
  it.runs.ended('a');
  expect(it.log).toEqual(['announce a alone', 'enter a', 'free']);
});

it('runs them one after the other', async () => {
  const it = scene();
  it.runs.add(job('a'), { alone: true });
  it.runs.add(job('b'), { alone: true });
  await ack(it, 'a');
  it.runs.ended('a');
  await ack(it, 'b');
  it.runs.ended('b');
  expect(it.log).toEqual(['announce a alone', 'enter a', 'announce b alone', 'enter b', 'free']);
});

it('waits for what runs no longer than its patience lasts: an hour’s job keeps no worker from all others', async () => {
  const it = scene({ patienceMs: 1 });
  it.others = 1;
  it.runs.add(job('a'), { alone: true });
  it.runs.add(job('b'), { alone: true });
  expect(it.log).toEqual([]);
  while (it.log.length === 0) await turn();
  await ack(it, 'a');
  it.runs.survived('a');
  it.runs.ended('a');
  await ack(it, 'b');
  it.runs.ended('b');
  expect(it.log).toEqual(['announce a alone', 'enter a', 'announce b alone', 'enter b', 'free']);
  it.runs.add(job('c'), { alone: true });
  expect(it.log.at(-1)).toBe('free');
  it.runs.close();
});

it('goes on to the next when one that was begun singly has run a moment', async () => {
  const it = scene();
  it.others = 3;
  it.runs.add(job('a'), { alone: false });
  it.runs.add(job('b'), { alone: false });
  await ack(it, 'a');
  expect(it.log).toEqual(['announce a', 'enter a']);
  it.runs.survived('a');
  await ack(it, 'b');
  it.runs.ended('b');
  expect(it.log).toEqual(['announce a', 'enter a', 'announce b', 'enter b', 'free']);
});

it('does not enter what is another’s by now', async () => {
  const it = scene();
  it.runs.add(job('a'), { alone: true });
  it.runs.add(job('b'), { alone: true });
  it.runs.add(job('c'), { alone: true });
  it.runs.drop(({ delivery }) => delivery.executionId === 'b');
  expect(it.runs.refuse('a')).toBe(true);
  await ack(it, 'a');
  await ack(it, 'c', false);
  expect(it.log).toEqual(['announce a alone', 'announce c alone', 'free']);
});

it('gives back what it has not entered when it is closed', async () => {
  const it = scene();
  it.runs.add(job('a'), { alone: true });
  it.runs.add(job('b'), { alone: true });
  const left = it.runs.close();
  await ack(it, 'a');
  expect(left.map(({ job, announced }) => [job.delivery.executionId, announced])).toEqual([
    ['a', true],
    ['b', false],
  ]);
  expect(it.log).toEqual(['announce a alone']);
});
