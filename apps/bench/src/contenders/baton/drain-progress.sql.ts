import type { Client } from 'pg';

export interface DrainReading {
  /** Jobs that succeeded and whose result is stored. */
  stored: number;
  /** From the first job taken (claimed, or published) to the last one settled, by PostgreSQL's clock. */
  seconds: number;
}

export async function hasLiveJobs(client: Client, queue: string): Promise<boolean> {
  const { rows } = await client.query<{ live: boolean }>(
    'SELECT EXISTS (SELECT FROM baton.job WHERE queue = $1) AS live',
    [queue],
  );
  return rows[0]?.live ?? false;
}

export async function readPollingDrain(client: Client, queue: string): Promise<DrainReading> {
  return read(client, queue, 'min(started_at)');
}

export async function readEventDrain(client: Client, queue: string): Promise<DrainReading> {
  return read(
    client,
    queue,
    `(SELECT min(published_at) FROM baton.publish_log WHERE topic = 'baton.jobs.' || $1)`,
  );
}

async function read(client: Client, queue: string, begun: string): Promise<DrainReading> {
  const { rows } = await client.query<DrainReading>(
    `SELECT count(*) FILTER (WHERE state = 'succeeded' AND result IS NOT NULL)::int AS stored,
       extract(epoch FROM max(finished_at) - ${begun})::float8 AS seconds
     FROM baton.job_history WHERE queue = $1`,
    [queue],
  );
  return rows[0] ?? { stored: 0, seconds: Number.NaN };
}
