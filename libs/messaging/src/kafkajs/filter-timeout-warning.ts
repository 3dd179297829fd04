let filtered = false;

/**
 * kafkajs 2.2 starts timers with a negative delay, of which Node 24 warns at each process's start
 * (harmless: they fire at once). Drops that warning, when kafkajs is its cause, and no other.
 */
export function filterTimeoutWarning(): void {
  if (filtered) return;
  filtered = true;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with `process` below
  const emit = process.emitWarning as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]): void => {
    if (args[1] === 'TimeoutNegativeWarning' && /node_modules[\\/]kafkajs[\\/]/.test(new Error().stack ?? ''))
      return;
    emit.apply(process, args);
  };
}
