import { BrokerUnavailableError, RecordRefusedError, type BrokerErrorOptions } from '../broker.error.js';

/** The broker's words for "this record, never". */
const refusals = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);

/** The broker's words for "you are not the member, or not of the generation, that may commit". */
const fences = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

/** The error and what it was made from, outermost first. kafkajs wraps, and gathers in `errors`. */
function* chain(error: unknown): Generator<Record<string, unknown>> {
  let level: unknown = error;
  for (let depth = 0; depth < 8 && typeof level === 'object' && level !== null; depth += 1) {
    const fields = level as Record<string, unknown>;
    yield fields;
    if (Array.isArray(fields['errors'])) for (const one of fields['errors']) yield* chain(one);
    level = fields['cause'];
  }
}

/** The broker's own name for the error, such as `UNKNOWN_TOPIC_OR_PARTITION`, if the broker gave one. */
export function protocolType(error: unknown): string | undefined {
  for (const { type } of chain(error)) if (typeof type === 'string') return type;
  return undefined;
}

export const isFence = (error: unknown): boolean => fences.has(protocolType(error) ?? '');
export const isRefusal = (error: unknown): boolean => refusals.has(protocolType(error) ?? '');
export const isMissingTopic = (error: unknown): boolean =>
  protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';

/** `what` was tried, as in "The send to baton.jobs.mail". */
export function classify(
  error: unknown,
  what: string,
  options: Omit<BrokerErrorOptions, 'cause'> = {},
): BrokerUnavailableError | RecordRefusedError {
  if (error instanceof BrokerUnavailableError || error instanceof RecordRefusedError) return error;
  const type = protocolType(error);
  const words = error instanceof Error ? error.message : String(error);
  const message = `${what} failed: ${words}${type === undefined || words.includes(type) ? '' : ` (${type})`}`;
  const Class = isRefusal(error) ? RecordRefusedError : BrokerUnavailableError;
  return new Class(message, { ...options, cause: error });
}
