import { Pool } from 'undici';
import type { Caller } from './caller.js';

export interface HttpCallerOptions {
  /** Where jobs are posted, and where results are waited for. */
  submitUrl: string;
  resultUrl: string;
  queue: string;
  headers?: () => Record<string, string>;
  /** What the n-th job of a batch has besides its payload. */
  fieldsOf?: (n: number) => object;
  /** Connections to each of the two. */
  connections: number;
}

/** A result is waited for this long a request, and this long in all. */
const holdSeconds = 30;
const resultWithinMs = 60_000;

/** Submits and waits over HTTP, with kept connections: the same client for Baton and for each peer's front. */
export class HttpCaller implements Caller {
  private readonly submitPool: Pool;
  private readonly resultPool: Pool;

  constructor(private readonly options: HttpCallerOptions) {
    const { connections } = options;
    this.submitPool = new Pool(options.submitUrl, { connections });
    this.resultPool = new Pool(options.resultUrl, { connections });
  }

  async submitAndWait(n: number): Promise<number> {
    const { queue } = this.options;
    const { id } = await this.request<{ id: string }>(this.submitPool, {
      method: 'POST',
      path: '/v1/jobs',
      expect: [202],
      body: { queue, payload: { n } },
    });
    const deadline = performance.now() + resultWithinMs;
    while (performance.now() < deadline) {
      const answer = await this.request<{ result?: number }>(this.resultPool, {
        method: 'GET',
        path: `/v1/results/${id}`,
        expect: [200, 202],
      });
      if (answer.result !== undefined) return answer.result;
    }
    throw new Error(`Job ${id} has no result after ${resultWithinMs / 1_000} s`);
  }

  /** Posts many jobs in one request; their payloads are `{n}`, `from` upwards. */
  async submitBatch(from: number, count: number): Promise<void> {
    const { queue, fieldsOf } = this.options;
    const job = (n: number): object => ({ queue, payload: { n }, ...fieldsOf?.(n) });
    const jobs = Array.from({ length: count }, (_, i) => job(from + i));
    await this.request(this.submitPool, {
      method: 'POST',
      path: '/v1/jobs/batch',
      expect: [202],
      body: { jobs },
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.submitPool.destroy(), this.resultPool.destroy()]);
  }

  private async request<T>(
    pool: Pool,
    call: { method: 'GET' | 'POST'; path: string; expect: readonly number[]; body?: unknown },
  ): Promise<T> {
    const { method, path, expect, body } = call;
    const response = await pool.request({
      method,
      path,
      headers: {
        ...(body === undefined ? { prefer: `wait=${holdSeconds}` } : { 'content-type': 'application/json' }),
        ...this.options.headers?.(),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    if (!expect.includes(response.statusCode))
      throw new Error(`${method} ${path} answered ${response.statusCode}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }
}
