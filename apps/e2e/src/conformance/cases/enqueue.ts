import pg from 'pg';
import { enqueueIn } from '@baton/client/transaction';
import type { System } from '../system.js';

/** The ways into the system beside `POST /v1/jobs`. */
export function enqueueCases(system: () => System): void {
  it('a job of a caller’s own transaction runs once that commits, and delays nobody until then', async () => {
    const stage = system().stage();
    const caller = new pg.Client({ connectionString: system().servers.stack.databaseUrl });
    await caller.connect();
    try {
      await caller.query('BEGIN');
      const options = { tenant: system().tenantId, orderingKey: 'enqueue-lane' };
      const id = await enqueueIn(caller, system().queue, { script: stage.script }, options);
      const other = await system().post({ script: stage.script }, { orderingKey: 'enqueue-lane' });
      const first = await stage.next();
      expect(first.job.jobId).toBe(other.id);
      first.return();
      await caller.query('COMMIT');
      const second = await stage.next();
      expect(second.job.jobId).toBe(id);
      second.return();
      await system().untilState(id, 'succeeded');
    } finally {
      await caller.end();
    }
  });

  it('jobs of a stream run, each once, though the stream is sent twice', async () => {
    const { queue, client, mode } = system();
    let ran = 0;
    const script = system().script(() => ++ran);
    const jobs = Array.from({ length: 20 }, (_, n) => ({
      queue,
      payload: { script },
      idempotencyKey: `${mode}-${n}`,
    }));
    const ids = new Set<string>();
    for (let times = 0; times < 2; times++)
      for await (const answer of client.enqueueStream(jobs)) if ('id' in answer) ids.add(answer.id);
    expect(ids.size).toBe(20);
    for (const id of ids) await system().untilState(id, 'succeeded');
    expect(ran).toBe(20);
  });
}
