import { JobAcceptor, Notifier } from '@baton/persistence';
import { useTestDatabase } from '@baton/persistence/testing';
import { priorities } from '@baton/contracts';
import { Controller, Inject } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import type { JobContext } from '../handler/job-context.js';
import { JobEnqueuer } from '../handler/job-enqueuer.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { StackWorker } from './stack-worker.js';

let notifier: Notifier;
// Before the database goes.
afterAll(() => notifier.close());
const test = useTestDatabase();
beforeAll(() => {
  notifier = new Notifier(test.url, { applicationName: 'client', log: console.warn });
});

/** Posts as the service does that the client asks. */
class Service extends JobEnqueuer {
  private readonly acceptor = new JobAcceptor(test.database.pool, {
    wake: (channel, item) => notifier.wake(channel, item),
    log: console.warn,
  });

  override async enqueue(queue: string, payload: unknown): Promise<{ id: string }> {
    const id = uuidv7();
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const job = { id, queue, priority: priorities.normal, payload: JSON.stringify(payload), trace };
    await this.acceptor.accept({ tenantId: test.tenant.tenantId, jobs: [job] });
    return { id };
  }
}

it('runs real jobs in the test’s own process, and those that its handlers post', async () => {
  const ended = Promise.withResolvers<JobContext>();
  @Controller()
  class Handlers {
    constructor(@Inject(JobEnqueuer) private readonly jobs: JobEnqueuer) {}

    @JobHandler('first')
    async first(payload: { n: number }): Promise<number> {
      await this.jobs.enqueue('second', { n: payload.n + 1 });
      return payload.n;
    }

    @JobHandler('second')
    second(payload: { n: number }, job: JobContext): number {
      ended.resolve(job);
      return payload.n;
    }
  }
  const jobs = new Service();
  const worker = await StackWorker.start({ controllers: [Handlers] }, { databaseUrl: test.url, jobs });
  const { id } = await jobs.enqueue('first', { n: 1 });
  const job = await ended.promise;
  expect([job.attempt, job.jobId === id]).toEqual([1, false]);
  await worker.close();
  const { rows } = await test.database.pool.query<{ queue: string; state: string; result: string }>(
    'SELECT queue, state::text, result FROM baton.job_history WHERE tenant_id = $1 ORDER BY queue',
    [test.tenant.tenantId],
  );
  expect(rows).toEqual([
    { queue: 'first', state: 'succeeded', result: '1' },
    { queue: 'second', state: 'succeeded', result: '2' },
  ]);
});

it('says what is wrong with a handler, and leaves nothing open', async () => {
  @Controller()
  class Twice {
    @JobHandler('same')
    one(): void {}

    @JobHandler('same')
    two(): void {}
  }
  const options = { databaseUrl: test.url, jobs: new Service() };
  await expect(StackWorker.start({ controllers: [Twice] }, options)).rejects.toThrow(/same/);
});
