import { limits } from '@baton/contracts';
import { captureTrace, carrierToHeaders, withoutTracing } from '@baton/tracing';
import type { Cidr } from '@baton/service';
import {
  addressGuard,
  type AddressGuard,
  httpSigningKey,
  refuseReceiverUrl,
  standardHeaders,
} from '@baton/service/egress';
import { guardedAgent, type ResolveAll } from '@baton/service/egress-agent';
import { fatal, type JobContext } from '@baton/worker-kit';
import type { OnApplicationShutdown } from '@nestjs/common';
import { type Agent, request } from 'undici';
import type { HttpAnswer } from './judge-answer.js';

export interface HttpCallsOptions {
  /** Undefined: nothing can be signed, and so nothing is called. */
  masterKey: Buffer | undefined;
  /** Private ranges that may be called all the same. */
  allow: readonly Cidr[];
  /** Stands in for the system's resolver in tests. */
  resolve?: ResolveAll;
}

export interface HttpCall {
  url: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
}

/** One text for all that cannot be reached: which addresses are blocked or closed is not the caller's to learn. */
const unreachable = 'the receiver could not be reached';

/** Calls receivers for jobs, under the rules of webhooks: signed, to public addresses only, redirects not followed. */
export class HttpCalls implements OnApplicationShutdown {
  private readonly agent: Agent;
  private readonly guard: AddressGuard;

  constructor(private readonly options: HttpCallsOptions) {
    const { allow, resolve } = options;
    this.guard = addressGuard(allow);
    this.agent = guardedAgent(this.guard, resolve ? { resolve } : {});
  }

  /**
   * The `webhook-id` is the job's id: the same at each attempt, so that the receiver can tell a repetition.
   * @throws Fatal for what can never be called; Error when the receiver cannot be reached or says too much; what the job was
   *   aborted with
   */
  async send(call: HttpCall, context: JobContext): Promise<HttpAnswer> {
    const refusal = refuseReceiverUrl(call.url, this.guard);
    if (refusal !== undefined) throw fatal(new Error(`the payload's url ${refusal}`));
    const { body, headers } = this.signed(call, context);
    const { signal } = context;
    const leftMs = Math.max(1, context.remainingMs);
    try {
      return await withoutTracing(async () => {
        const answer = await request(call.url, {
          dispatcher: this.agent,
          method: call.method,
          headers,
          body: call.method === 'GET' ? null : body,
          signal,
          headersTimeout: leftMs,
          bodyTimeout: leftMs,
        });
        return {
          status: answer.statusCode,
          retryAfter: textOf(answer.headers['retry-after']),
          mediaType: textOf(answer.headers['content-type']) ?? 'application/octet-stream',
          bytes: await bytesOf(answer.body),
        };
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RangeError) throw fatal(error);
      throw new Error(unreachable, { cause: error });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  private signed({ method, body: given }: HttpCall, context: JobContext) {
    const { masterKey } = this.options;
    if (!masterKey)
      throw fatal(new Error('this worker cannot sign what it sends: BATON_MASTER_KEY is not set'));
    const body = given === undefined || method === 'GET' ? '' : JSON.stringify(given);
    const { jobId: id, tenant } = context;
    const timestamp = Math.floor(Date.now() / 1_000);
    return {
      body,
      headers: {
        ...(body !== '' && { 'content-type': 'application/json' }),
        'user-agent': 'baton',
        ...carrierToHeaders(captureTrace()),
        ...standardHeaders([httpSigningKey(masterKey, tenant)], { id, timestamp, body }),
        'baton-attempt': String(context.attempt),
      },
    };
  }
}

function textOf(header: string | string[] | undefined): string | null {
  return header === undefined ? null : String(header);
}

/** @throws RangeError when it is more than may be kept */
async function bytesOf(body: AsyncIterable<Buffer> & { destroy: () => void }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limits.postgresFileBytes)
      throw new RangeError(`the receiver's answer has more than ${limits.postgresFileBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
