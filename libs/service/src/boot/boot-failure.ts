import { BatonError } from '@baton/contracts';

/**
 * Words a failed boot in one line (one a variable, for a wrong environment).
 * `unexpected`: no error that an operator causes, so that its stack is worth a look.
 */
export function describeBootFailure(service: string, error: unknown): { line: string; unexpected: boolean } {
  const line = `${service} cannot start: ${chain(error).join(': ')}`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { line, unexpected: !BatonError.is(error) && typeof code !== 'string' };
}

/** The messages of an error and its causes; those of an `AggregateError` (a refused connection) too. */
function chain(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const own =
    error instanceof AggregateError ? [...new Set(error.errors.flatMap(chain))].join(', ') : error.message;
  const text = own || error.name;
  const causes = error.cause === undefined ? [] : chain(error.cause);
  return [hint(error, text), ...causes.filter((cause) => !text.includes(cause))];
}

function hint(error: Error, text: string): string {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  return code === 'EADDRINUSE'
    ? `port ${port} is taken by another process; set PORT or METRICS_PORT to a free one`
    : text;
}
