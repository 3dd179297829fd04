import type { JobFile, JobResult, TerminalOutcome } from '@baton/persistence';

/** How long a settled result is kept hot, unless its queue says otherwise. */
const hotMs = 3_600_000;
/** Redis holds copies in memory: of a larger file only where it lies. */
const hotBytes = 512 * 1024;
export const outcomesChannel = 'baton:outcomes';

export function hotKey(jobId: string): string {
  return `baton:result:${jobId}`;
}

/**
 * How long its copy is kept hot: no longer than the result is there.
 * @returns whole seconds; 0: not at all
 */
export function hotSeconds({
  hotMs: wanted = hotMs,
  untilMs = Infinity,
  finishedAtMs,
}: TerminalOutcome): number {
  return Math.floor(Math.min(wanted, untilMs - finishedAtMs) / 1_000);
}

type Encoded = Omit<TerminalOutcome, 'result'> & {
  result?: Extract<JobResult, { kind: 'json' }> | (Omit<JobFile, 'bytes'> & { base64?: string });
};

/** One JSON text; a file's bytes as base64. */
export function encodeHot({ result, ...outcome }: TerminalOutcome): string {
  const encoded: Encoded = outcome;
  if (result?.kind === 'json') encoded.result = result;
  if (result?.kind === 'file') {
    const { bytes, ...file } = result;
    encoded.result = {
      ...file,
      ...(bytes && bytes.length <= hotBytes && { base64: bytes.toString('base64') }),
    };
  }
  return JSON.stringify(encoded);
}

export function decodeHot(text: string): TerminalOutcome {
  const { result, ...outcome } = JSON.parse(text) as Encoded;
  if (result?.kind !== 'file') return { ...outcome, result };
  const { base64, ...file } = result;
  return {
    ...outcome,
    result: { ...file, ...(base64 !== undefined && { bytes: Buffer.from(base64, 'base64') }) },
  };
}
