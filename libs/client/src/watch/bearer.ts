import { BatonError } from '@baton/contracts';
import type { Credentials } from '../credentials.js';
import { ChannelBreak } from './channel-break.js';

/** @throws ChannelBreak where a token could not be had just now, BatonError where there is none to be had */
export async function bearerOf(credentials: Credentials): Promise<string> {
  try {
    return await credentials.bearer();
  } catch (cause) {
    if (BatonError.is(cause) && !cause.retryable) throw cause;
    throw new ChannelBreak('unreachable', 'the job token could not be renewed', { cause });
  }
}
