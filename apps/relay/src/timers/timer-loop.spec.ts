import { deferred } from '../testing/deferred.js';
import { eventually } from '../testing/eventually.js';
import { silent } from '../testing/replica.js';
import { TimerLoop } from './timer-loop.js';

let looks = 0;
let next: () => Promise<number | undefined>;
let loop: TimerLoop;

beforeEach(() => {
  looks = 0;
  next = () => Promise.resolve(undefined);
  loop = new TimerLoop(
    { name: 'test', look: async () => ({ found: ++looks > 0, nextMs: await next() }) },
    silent,
  );
});
afterEach(() => loop.stop());

const looked = (times: number) => eventually(`${times} looks`, () => looks === times);

it('looks at the start, and then sleeps until it is woken', async () => {
  loop.start();
  await looked(1);
  loop.wake();
  await looked(2);
});

it('looks again after the time that the look named, or earlier when woken for an earlier one', async () => {
  next = () => Promise.resolve(looks === 1 ? 100 : undefined);
  loop.start();
  expect(await looked(2)).toBeGreaterThan(50);
  loop.wake(60_000);
  loop.wake(100);
  loop.wake(30_000);
  expect(await looked(3)).toBeLessThan(1_000);
});

it('a wake-up during a look is followed by another look', async () => {
  const first = deferred<undefined>();
  next = () => (looks === 1 ? first.promise : Promise.resolve(undefined));
  loop.start();
  await looked(1);
  loop.wake();
  first.resolve(undefined);
  await looked(2);
});

it('tries again after a failure', async () => {
  next = () => (looks < 3 ? Promise.reject(new Error('PostgreSQL is away')) : Promise.resolve(undefined));
  loop.start();
  await looked(3);
});

it('stop waits for the look under way; a start meanwhile is not lost', async () => {
  const first = deferred<undefined>();
  next = () => (looks === 1 ? first.promise : Promise.resolve(undefined));
  loop.start();
  await looked(1);
  let stopped = false;
  const stopping = loop.stop().then(() => (stopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toBe(false);
  first.resolve(undefined);
  await stopping;
  loop.start();
  await looked(2);
});
