import { Pool } from 'undici';
import { BenchError } from '../bench.error.js';
import type { BatonDeployment } from '../contenders/baton/baton-deployment.js';

export interface SubmittedJob {
  id: string;
  /** Reads this one job, within limits of its own. */
  token: string;
}

/** Posts single jobs over kept connections. */
export class Submitter {
  private readonly pool: Pool;

  constructor(
    private readonly deployment: BatonDeployment,
    private readonly queue: string,
    private readonly connections = 32,
  ) {
    this.pool = new Pool(deployment.urlOf('producer'), { connections });
    deployment.addCloser(() => this.pool.destroy());
  }

  async submit(n: number, fields: object = {}): Promise<SubmittedJob> {
    const response = await this.pool.request({
      method: 'POST',
      path: '/v1/jobs',
      headers: { authorization: `Bearer ${this.deployment.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ queue: this.queue, payload: { n }, ...fields }),
    });
    const text = await response.body.text();
    if (response.statusCode !== 202)
      throw new BenchError(`POST /v1/jobs answered ${response.statusCode}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as SubmittedJob;
  }

  /** As fast as all connections can. */
  async submitAll(count: number, fieldsOf: (n: number) => object = () => ({})): Promise<SubmittedJob[]> {
    const jobs = new Array<SubmittedJob>(count);
    let next = 0;
    const client = async (): Promise<void> => {
      for (let n = next++; n < count; n = next++) jobs[n] = await this.submit(n, fieldsOf(n));
    };
    await Promise.all(Array.from({ length: this.connections }, client));
    return jobs;
  }

  /** At set times, whatever the answers take: milliseconds from now, in order. */
  async submitAt(times: readonly number[], fieldsOf: (n: number) => object): Promise<void> {
    const begun = performance.now();
    const posted: Promise<unknown>[] = [];
    for (const [n, at] of times.entries()) {
      const ms = at - (performance.now() - begun);
      if (ms > 1) await new Promise((resolve) => setTimeout(resolve, ms));
      posted.push(this.submit(n, fieldsOf(n)));
    }
    await Promise.all(posted);
  }
}
