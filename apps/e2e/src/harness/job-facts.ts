import { JobAttemptEntity, JobEntity, JobHistoryEntity, WorkerEntity } from '@baton/persistence/entities';
import { In } from 'typeorm';
import type { Fleet } from './fleet.js';
import type { ServiceProcess } from './service-process.js';
import { until } from './until.js';

type WithDatabase = Pick<Fleet, 'database'>;

/** What PostgreSQL says of jobs: the live ones, the ended ones, and the attempts that did not end their job. */
export async function factsOf(
  fleet: WithDatabase,
  ids: readonly string[],
): Promise<{ live: JobEntity[]; ended: JobHistoryEntity[]; attempts: JobAttemptEntity[] }> {
  const orm = await fleet.database.orm();
  const [live, ended, attempts] = await Promise.all([
    orm.getRepository(JobEntity).findBy({ id: In([...ids]) }),
    orm.getRepository(JobHistoryEntity).findBy({ id: In([...ids]) }),
    orm.getRepository(JobAttemptEntity).findBy({ jobId: In([...ids]) }),
  ]);
  return { live, ended, attempts };
}

/** Waits until all jobs are at their end, and asserts that each got there once. */
export async function allSettled(
  fleet: WithDatabase,
  ids: readonly string[],
  ms: number,
): Promise<JobHistoryEntity[]> {
  const history = (await fleet.database.orm()).getRepository(JobHistoryEntity);
  let missing = ids.length;
  await until(
    async () => {
      missing = ids.length - (await history.countBy({ id: In([...ids]) }));
      return missing <= 0;
    },
    { ms, everyMs: 100, what: () => `${missing} of ${ids.length} jobs to end` },
  );
  const { live, ended } = await factsOf(fleet, ids);
  expect(live).toEqual([]);
  expect(ended.map((job) => job.id).sort()).toEqual([...ids].sort());
  return ended;
}

export async function running(fleet: Fleet, id: string, ms = 20_000): Promise<JobEntity> {
  return until(async () => (await factsOf(fleet, [id])).live.find((job) => job.state === 'running'), {
    ms,
    what: `job ${id} to run`,
  });
}

/** The jobs' ids in the order in which they ended. */
export function inOrderOfEnd(jobs: readonly JobHistoryEntity[]): string[] {
  return jobs
    .toSorted((a, b) => a.finishedAt.getTime() - b.finishedAt.getTime() || a.seq - b.seq)
    .map((job) => job.id);
}

/** The process that runs the job, once one does. */
export async function runnerOf(fleet: Fleet, id: string): Promise<ServiceProcess> {
  const { workerId } = await running(fleet, id);
  const workers = (await fleet.database.orm()).getRepository(WorkerEntity);
  const worker = await workers.findOneByOrFail({ id: workerId! });
  const process = fleet.processes.find((each) => each.pid === worker.pid);
  if (!process) throw new Error(`no process of the fleet has the pid ${worker.pid}`);
  return process;
}
