import type { JobAcceptor } from '../accept/job-acceptor.js';
import type { NewJob } from '../accept/new-job.js';
import { requestFor, testAcceptor } from '../accept/testing.js';
import { releaseDue } from '../relay/release-due.js';
import { settleOnce } from '../settle/settle-once.js';
import { purgeDead } from '../sql/purge-dead.sql.js';
import { useTestDatabase } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { type MendedChildren, mendChildren } from './mend-children.js';
import { storedJob, TestWorker } from './test-worker.fixture.js';
import { workOffFollowUps } from './work-off-follow-ups.js';

const test = useTestDatabase();
let worker: TestWorker;
let acceptor: JobAcceptor;

beforeEach(async () => {
  worker = await TestWorker.register(test, test.tenant);
  ({ acceptor } = testAcceptor(test.database.pool));
});
afterEach(async () => {
  await acceptor.drain();
  await test.database.pool.query('DELETE FROM baton.job');
});

async function accept(fields: Partial<NewJob> = {}): Promise<string> {
  const { jobs } = await acceptor.accept(requestFor(test.tenant, fields));
  return jobs[0]!.id;
}
const after = (jobId: string, onFailure: 'cancel' | 'run' | 'hold' = 'cancel') =>
  accept({ dependsOn: [{ jobId, onFailure }] });
const job = (id: string) => storedJob(test, id);
const query = (text: string, ...values: unknown[]) => test.database.pool.query(text, values);

async function mend(): Promise<MendedChildren> {
  const sum = { miscounted: 0, untold: 0, purged: 0 };
  await mendChildren(test.database.pool, ({ miscounted, untold, purged }) => {
    sum.miscounted += miscounted;
    sum.untold += untold;
    sum.purged += purged;
  });
  return sum;
}
const nothing = { miscounted: 0, untold: 0, purged: 0 };

/** The parent ends, and whoever should tell it does not. */
async function endUntold(kind: 'succeeded' | 'failed'): Promise<void> {
  const outcomes = await worker.outcomes(kind);
  await inTransaction(test.database.pool, (tx) => settleOnce(tx, outcomes, () => 0.5));
}

it('finds nothing where all is well: a live parent, a dead one that is held out for, one about to be told', async () => {
  const dead = await accept();
  await after(dead, 'hold');
  await worker.run('failed');
  const live = await accept();
  await after(live);
  expect(await mend()).toEqual(nothing);
  await endUntold('succeeded');
  expect(await mend()).toEqual(nothing);
  await workOffFollowUps(test.database.pool, [live], { slices: 5 });
});

it('lets a child go that waits for none, through its lane too, and counts one anew', async () => {
  const parent = await accept();
  const [free, inLane, wrong] = [
    await after(parent),
    await accept({ dependsOn: [{ jobId: parent, onFailure: 'cancel' }], orderingKey: 'k' }),
    await after(parent),
  ];
  await query('UPDATE baton.dependency SET done = true WHERE child_id = ANY ($1)', [free, inLane]);
  await query('UPDATE baton.job SET pending_parents = 0 WHERE id = $1', free);
  await query('UPDATE baton.job SET pending_parents = 3 WHERE id = $1', wrong);
  expect(await mend()).toEqual({ ...nothing, miscounted: 3 });
  await releaseDue(test.database.pool, 10);
  expect(await job(free)).toMatchObject({ state: 'queued', pending_parents: 0 });
  expect(await job(inLane)).toMatchObject({ state: 'queued', pending_parents: 0 });
  expect(await job(wrong)).toMatchObject({ state: 'held', pending_parents: 1 });
  expect(await mend()).toEqual(nothing);
});

it.each([
  ['succeeded', 'queued'],
  ['failed', 'cancelled'],
] as const)('notes an end that nobody tells: %s', async (kind, state) => {
  const parent = await accept();
  const child = await after(parent);
  await endUntold(kind);
  await query('DELETE FROM baton.follow_up WHERE job_id = $1', parent);
  expect(await mend()).toEqual({ ...nothing, untold: 1 });
  await workOffFollowUps(test.database.pool, [parent], { slices: 5 });
  expect(await job(child)).toMatchObject({ state });
});

it('cancels who held out for the replay of a job that is purged, which is no stray', async () => {
  const parent = await accept();
  const child = await after(parent, 'hold');
  await worker.run('failed');
  await inTransaction(test.database.pool, (tx) =>
    purgeDead(tx, { tenantId: test.tenant.tenantId, jobIds: [parent] }),
  );
  expect(await mend()).toEqual({ ...nothing, purged: 1 });
  await workOffFollowUps(test.database.pool, [parent], { slices: 5 });
  const { state, error } = await job(child);
  expect(state).toBe('cancelled');
  expect(error).toContain(`${parent}, on which this one depends, was cancelled or purged`);
});
