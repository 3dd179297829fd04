import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { DispatchMode } from '@baton/contracts';
import { auditJobs } from '@baton/persistence';
import { seedJobs } from '@baton/persistence/testing';
import { Fleet } from '../harness/fleet.js';
import { pastRestartGrace } from '../harness/database-facts.js';
import { allSettled } from '../harness/job-facts.js';
import { until } from '../harness/until.js';

const handlers = {
  WORKER_HANDLERS: fileURLToPath(new URL('../handlers/crash.fixture.mjs', import.meta.url)),
};
const workerOf = { polling: 'polling-worker', event: 'event-worker' } as const;
const neighbours = 9;
const boundMs = 120_000;

let fleet: Fleet;
let ended = false;
let supervised: Promise<void>[] = [];

beforeAll(async () => {
  fleet = await Fleet.start({ redis: false, services: ['relay'] });
}, boundMs);
afterEach(async () => {
  ended = true;
  await Promise.all(supervised);
});
afterAll(() => fleet?.stop());

/** What a supervisor does: a worker that died is started again, be it before it was ready. */
async function supervise(mode: DispatchMode): Promise<void> {
  while (!ended) {
    const worker = await fleet.start(workerOf[mode], handlers).catch((error: unknown) => {
      if (!String(error).includes('before it was ready')) throw error;
      return undefined;
    });
    if (!worker) continue;
    await until(() => worker.ended || ended, { ms: 2 * boundMs, everyMs: 50, what: 'the worker to die' });
    await worker.end();
  }
}

async function setQueue(mode: DispatchMode, maxCrashes: number): Promise<void> {
  const announced = `UPDATE baton.queue SET dispatch_mode = $1, max_crashes = $2 WHERE name = 'crash' RETURNING name`;
  const isSet = async (): Promise<boolean> =>
    (await fleet.database.pool.query(announced, [mode, maxCrashes])).rowCount === 1;
  await until(isSet, { ms: boundMs, what: 'the queue to be announced' });
}

// Each death of an event worker takes the group's session timeout (10 s) to be seen through: there one crash is enough.
it.each([
  ['polling', 100, 3],
  ['event', 100, 1],
  ['event', 0, 1],
] as const)(
  'a job that ends its %s worker after %i ms is found by %i crashes, and those beside it are not punished',
  async (mode, afterMs, maxCrashes) => {
    ended = false;
    supervised = [supervise(mode), supervise(mode)];
    await setQueue(mode, maxCrashes);
    await pastRestartGrace(fleet);
    // Beside a job that ends the process at once only short ones can be: others are announced by then.
    const payload = { ms: afterMs === 0 ? 5 : 300 };
    const ids = await seedJobs(fleet.database, { tenantId: randomUUID(), queue: 'crash' }, [
      ...Array.from({ length: neighbours }, () => ({ payload })),
      { payload: { afterMs } },
    ]);
    const killer = ids.at(-1);
    const jobs = await allSettled(fleet, ids, boundMs);
    const dead = jobs.find(({ id }) => id === killer);
    expect(dead).toMatchObject({ state: 'dead', crashes: maxCrashes });
    expect(JSON.parse(dead!.error!)).toMatchObject({ code: 'crash_loop' });
    for (const job of jobs) {
      if (job !== dead) expect(job).toMatchObject({ state: 'succeeded', failures: 0, crashes: 0 });
    }
    expect(await auditJobs(fleet.database.pool)).toMatchObject({ unaccounted: 0, examples: [] });
  },
  2 * boundMs,
);
