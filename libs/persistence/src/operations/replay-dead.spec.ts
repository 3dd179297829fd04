import { createHash } from 'node:crypto';
import type { JobAcceptor } from '../accept/job-acceptor.js';
import type { NewJob } from '../accept/new-job.js';
import { requestFor, testAcceptor } from '../accept/testing.js';
import { storedJob, TestWorker } from '../flows/test-worker.fixture.js';
import { releaseDue } from '../relay/release-due.js';
import { useTestDatabase } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { replayDead } from './replay-dead.js';

const test = useTestDatabase();
let worker: TestWorker;
let acceptor: JobAcceptor;

beforeEach(async () => {
  worker = await TestWorker.register(test, test.tenant);
  ({ acceptor } = testAcceptor(test.database.pool));
});
afterEach(() => acceptor.drain());

const unique: Partial<NewJob> = {
  unique: {
    hash: createHash('sha256').update('k').digest(),
    states: ['scheduled', 'held', 'queued', 'running'],
    onConflict: 'reject',
  },
};
async function accept(): Promise<string> {
  const { jobs } = await acceptor.accept(requestFor(test.tenant, unique));
  return jobs[0]!.id;
}
async function deadJob(): Promise<string> {
  const id = await accept();
  await worker.run('failed');
  return id;
}
const replay = (...jobIds: string[]) =>
  inTransaction(test.database.pool, (tx) => replayDead(tx, { tenantId: test.tenant.tenantId, jobIds }));

it('is refused while a live job is unique by the same, and has the key again when it is not', async () => {
  const dead = await deadJob();
  const live = await accept();
  expect(await replay(dead)).toEqual({
    replayed: [],
    inTheWay: new Map([[dead, live]]),
    unpublished: new Set(),
  });
  expect(await storedJob(test, dead)).toMatchObject({ state: 'dead' });
  await worker.run();
  expect((await replay(dead)).replayed).toMatchObject([{ jobId: dead }]);
  await expect(accept()).rejects.toMatchObject({ code: 'unique_conflict' });
  await releaseDue(test.database.pool, 10);
  await worker.run();
  await accept();
});

it('of several dead ones of one key one comes back; an accept and a replay at once: one of them', async () => {
  const [first, second] = [await deadJob(), await deadJob()];
  const { replayed, inTheWay } = await replay(second, first);
  expect(replayed.map(({ jobId }) => jobId)).toEqual([first]);
  expect(inTheWay).toEqual(new Map([[second, first]]));
  await releaseDue(test.database.pool, 10);
  await worker.run();
  const [report, accepted] = await Promise.all([replay(second), accept().catch((error: unknown) => error)]);
  expect(report.replayed.length + (typeof accepted === 'string' ? 1 : 0)).toBe(1);
});
