import { Gatherer } from './gatherer.js';

test('what comes during a flush goes together in the next, at most so many', async () => {
  const flushed: number[][] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended = Promise.withResolvers<void>();
  const gatherer = new Gatherer<number>(
    3,
    async (items) => {
      flushed.push(items);
      await gates[flushed.length - 1]!.promise;
      if (flushed.length === 3) ended.resolve();
    },
    (error) => ended.reject(error),
  );
  gatherer.add([1]);
  gatherer.add([2, 3]);
  gatherer.add([4, 5]);
  for (const gate of gates) gate.resolve();
  await ended.promise;
  expect(flushed).toEqual([[1], [2, 3, 4], [5]]);
});

test('a failure is told', async () => {
  const failed = Promise.withResolvers<unknown>();
  new Gatherer<number>(3, () => Promise.reject(new Error('the broker is away')), failed.resolve).add([1]);
  expect(await failed.promise).toMatchObject({ message: 'the broker is away' });
});
