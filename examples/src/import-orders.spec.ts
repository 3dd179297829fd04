import { WorkerDrainingError } from '@baton/worker-kit';
import { JobTester } from '@baton/worker-kit/testing';
import { ImportOrdersController, OrderFiles } from './import-orders.controller.js';

/** Files as a test wants them. */
class GivenFiles extends OrderFiles {
  orders: readonly string[] | undefined;

  override async read(): Promise<readonly string[] | undefined> {
    return this.orders;
  }
}

let files: GivenFiles;
let jobs: JobTester;
beforeEach(async () => {
  files = new GivenFiles();
  jobs = await JobTester.create(
    {
      controllers: [ImportOrdersController],
      providers: [{ provide: OrderFiles, useFactory: () => files }],
    },
    { fakeClock: new Date('2030-01-01T00:00:00Z') },
  );
});
afterEach(() => jobs.close());

test('confirms each order once and tells how far it is', async () => {
  files.orders = ['a', 'b'];
  const [attempt] = await jobs.runToEnd('import-orders', { file: 'orders.csv' });
  expect(attempt).toMatchObject({
    outcome: { kind: 'succeeded', result: { json: '{"imported":2}' } },
    checkpoint: { next: 2 },
    enqueued: [
      { queue: 'confirm-order', payload: { order: 'a' }, options: { orderingKey: 'a' } },
      { queue: 'confirm-order', payload: { order: 'b' }, options: { orderingKey: 'b' } },
    ],
  });
  expect(attempt?.progress.at(-1)).toEqual({ fraction: 1, data: { order: 'b' } });
});

test('comes back in ten minutes for a file that is not complete, which takes the test no time', async () => {
  const steps = jobs.attempts('import-orders', { file: 'orders.csv' });
  const first = (await steps.next()).value;
  expect(first?.nextAt?.toISOString()).toMatch(/^2030-01-01T00:10:/);
  files.orders = ['a'];
  expect((await steps.next()).value).toMatchObject({
    attempt: 2,
    failures: 1,
    outcome: { kind: 'succeeded' },
  });
});

test('goes on where a worker that drained left off', async () => {
  files.orders = ['a', 'b', 'c'];
  const job = jobs.start('import-orders', { file: 'orders.csv' }, { checkpoint: '{"next":1}' });
  job.abort(new WorkerDrainingError());
  expect(await job.outcome).toEqual({ kind: 'released' });
  expect(jobs.enqueued).toEqual([]);
  await jobs.run('import-orders', { file: 'orders.csv' }, { checkpoint: '{"next":1}', attempt: 2 });
  expect(jobs.enqueued.map(({ payload }) => payload)).toEqual([{ order: 'b' }, { order: 'c' }]);
});
