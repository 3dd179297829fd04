import type { TakenOffset } from '@baton/messaging';
import { madeUpDelivery } from '../testing/made-up-delivery.js';
import { CarefulEntries } from './careful-entries.js';
import { JobEntries } from './job-entries.js';
import type { Word } from './words.js';

const said: Word['event'][] = [];
const entered: string[] = [];
let entries: JobEntries;
let careful: CarefulEntries;

beforeEach(() => {
  said.length = 0;
  entered.length = 0;
  entries = new JobEntries(() => undefined);
  careful = new CarefulEntries({
    entries,
    reporter: {
      say: ({ event }, onAcked) => {
        said.push(event);
        onAcked?.();
      },
    },
    heartbeats: { add: () => undefined, delete: () => undefined },
    running: () => 0,
    enter: ({ delivery }) => void entered.push(delivery.executionId),
    onFree: () => undefined,
  });
});
afterEach(() => careful.close());

/** @returns the execution's id */
function add(): string {
  const delivery = { ...madeUpDelivery(), queue: 'q', payload: 'null' };
  careful.add(entries.read(delivery, 1, { topic: 't', partition: 0, offset: 0n } as TakenOffset)!);
  return delivery.executionId;
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('does not enter one that is refused while it waits for its turn', async () => {
  const [first, second] = [add(), add()];
  careful.granted(first);
  careful.granted(second);
  await turn();
  expect(careful.refused(second)).toBe(true);
  expect(careful.refused(first)).toBe(false); // it is entered: it is to be aborted
  careful.ended(first);
  await turn();
  expect([entered, careful.busy, careful.reserved]).toEqual([[first], false, 0]);
});

it('hands back what is announced and not entered when it is closed, granted or not', async () => {
  const [first, second, third] = [add(), add(), add()];
  careful.granted(first);
  careful.granted(second);
  await turn();
  careful.close();
  careful.granted(third);
  careful.ended(first);
  await turn();
  expect(entered).toEqual([first]);
  const ended = said.flatMap(({ event }) =>
    event.case === 'ended' ? [event.value.execution?.executionId] : [],
  );
  expect(ended).toEqual([second, third]);
});
