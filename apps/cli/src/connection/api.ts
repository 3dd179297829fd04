import { BatonError, problemOf } from '@baton/client';

export interface ApiCall {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Calls one service's API once. */
export class Api {
  constructor(
    private readonly baseUrl: string,
    private readonly apiKey: string,
  ) {}

  /**
   * @returns the status, and the body that was answered
   * @throws BatonApiError what the service refused; BatonError `unavailable` when no answer came; the signal's reason
   */
  async call<Answer>(path: string, call: ApiCall = {}): Promise<{ status: number; body: Answer }> {
    const { method = 'GET', body, headers, signal } = call;
    const url = `${this.baseUrl}${path}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.apiKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
      if (!response.ok) throw await problemOf(response);
      text = await response.text();
    } catch (cause) {
      if (BatonError.is(cause)) throw cause;
      signal?.throwIfAborted();
      throw new BatonError('unavailable', `${method} ${url} got no answer: ${reasonOf(cause)}`, { cause });
    }
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as Answer };
  }
}

/** `fetch` says "fetch failed" and keeps the reason in its cause. */
export function reasonOf(error: unknown): string {
  const { cause, code, message } = error as { cause?: unknown; code?: string; message?: string };
  if (cause !== undefined && cause !== null) return reasonOf(cause);
  return code ?? message ?? String(error);
}
