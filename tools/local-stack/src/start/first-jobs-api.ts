import type { DispatchMode } from '@baton/contracts';
import { ProcessFailedError } from '../local-stack.error.js';

export interface FirstJobsApiOptions {
  producerUrl: string;
  gatewayUrl: string;
  apiKey: string;
}

/** The parts of a job, as the API shows it, that the first jobs print. */
export interface ShownJob {
  id: string;
  state: string;
  dispatchMode?: DispatchMode;
  traceId: string;
  createdAt: string;
  queuedAt?: string;
  startedAt?: string;
  finishedAt?: string;
  attempts?: { attempt: number; worker: string; startedAt: string; finishedAt?: string; outcome?: string }[];
}

export interface FileResult {
  file: { url: string; mediaType: string; size: number };
}

const requestTimeoutMs = 65_000;

/** The few calls of the public API that a first job takes; each throws ProcessFailedError with the answer if it is refused. */
export class FirstJobsApi {
  constructor(private readonly options: FirstJobsApiOptions) {}

  /** The queue's mode, or undefined while no worker has announced it yet. */
  async dispatchMode(queue: string): Promise<DispatchMode | undefined> {
    const response = await this.request(`${this.options.producerUrl}/v1/queues/${queue}`);
    if (response.status === 404) return undefined;
    return ((await accepted(response)) as { dispatchMode: DispatchMode }).dispatchMode;
  }

  async setDispatchMode(queue: string, dispatchMode: DispatchMode): Promise<void> {
    await accepted(
      await this.request(`${this.options.producerUrl}/v1/queues/${queue}`, {
        method: 'PATCH',
        body: { dispatchMode },
      }),
    );
  }

  async enqueue(queue: string, payload: unknown): Promise<ShownJob> {
    return (await accepted(
      await this.request(`${this.options.producerUrl}/v1/jobs`, { method: 'POST', body: { queue, payload } }),
    )) as ShownJob;
  }

  /** Held by the gateway for up to 30 s; undefined if there is no result yet. */
  async waitForResult(id: string): Promise<FileResult | undefined> {
    const response = await this.request(`${this.options.gatewayUrl}/v1/results/${id}`, {
      headers: { prefer: 'wait=30' },
    });
    const body = await accepted(response);
    return response.status === 202 ? undefined : (body as { result: FileResult }).result;
  }

  async job(id: string): Promise<ShownJob> {
    return (await accepted(await this.request(`${this.options.producerUrl}/v1/jobs/${id}`))) as ShownJob;
  }

  /** Signed URLs need no key, and may name their host relative to the gateway. */
  async download(url: string): Promise<Buffer> {
    const response = await fetch(new URL(url, this.options.gatewayUrl), {
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    if (!response.ok) throw await refused(response);
    return Buffer.from(await response.arrayBuffer());
  }

  private request(
    url: string,
    {
      method = 'GET',
      headers = {},
      body,
    }: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
  ): Promise<Response> {
    return fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.options.apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
  }
}

async function accepted(response: Response): Promise<unknown> {
  if (!response.ok) throw await refused(response);
  const text = await response.text();
  return text ? JSON.parse(text) : undefined;
}

async function refused(response: Response): Promise<ProcessFailedError> {
  return new ProcessFailedError(
    `${response.url} answered ${response.status}: ${(await response.text()).slice(0, 1_000)}`,
  );
}
