import type { JobResult, TerminalOutcome } from '@baton/persistence';

/** How long a settled result is kept hot. */
export const hotSeconds = 3_600;
export const outcomesChannel = 'baton:outcomes';

export function hotKey(jobId: string): string {
  return `baton:result:${jobId}`;
}

type Encoded = Omit<TerminalOutcome, 'result'> & {
  result?:
    | Extract<JobResult, { kind: 'json' }>
    | (Omit<Extract<JobResult, { kind: 'file' }>, 'bytes'> & { base64: string });
};

/** One JSON text; a file's bytes as base64. */
export function encodeHot({ result, ...outcome }: TerminalOutcome): string {
  const encoded: Encoded = outcome;
  if (result?.kind === 'json') encoded.result = result;
  if (result?.kind === 'file') {
    const { bytes, ...file } = result;
    encoded.result = { ...file, base64: bytes.toString('base64') };
  }
  return JSON.stringify(encoded);
}

export function decodeHot(text: string): TerminalOutcome {
  const { result, ...outcome } = JSON.parse(text) as Encoded;
  if (result?.kind !== 'file') return { ...outcome, result };
  const { base64, ...file } = result;
  return { ...outcome, result: { ...file, bytes: Buffer.from(base64, 'base64') } };
}
