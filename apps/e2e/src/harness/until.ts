export interface UntilOptions {
  /** How long to wait, milliseconds. */
  ms: number;
  what: string | (() => string);
  everyMs?: number;
}

/**
 * Waits until `probe` gives something truthy, and gives that.
 * @throws Error naming what was waited for
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  { ms, what, everyMs = 20 }: UntilOptions,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline)
      throw new Error(`waited ${ms} ms for ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
