import { BatonError } from '@baton/contracts';
import { isObservable, lastValueFrom } from 'rxjs';
import { JobContext, type ExecutionView } from '../handler/job-context.js';
import type { ServedHandler } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import type { UploadSource } from '../uploads/upload.js';
import type { HandlerEnd } from './judge.js';
import type { KeepResult } from './result-keeper.js';

/** Calls the handler with Nest's pipeline around it, and keeps what it returns. Never rejects. */
export async function callHandler(
  execution: ExecutionView,
  { handle }: Pick<ServedHandler, 'handle'>,
  { log, keep, uploads }: { log: Log; keep: KeepResult; uploads?: UploadSource | undefined },
): Promise<HandlerEnd> {
  try {
    const payload = parsePayload(execution.delivery.payload);
    const returned: unknown = await handle(payload, new JobContext(execution, log, uploads));
    // An interceptor makes an Observable of it.
    const value = isObservable(returned) ? await lastValueFrom(returned, { defaultValue: null }) : returned;
    return { how: 'returned', result: await keep(value, execution) };
  } catch (error) {
    return { how: 'threw', error };
  }
}

function parsePayload(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (error) {
    throw new BatonError('undecodable', `the payload is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
