import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the condition holds and answers how long that took, in milliseconds; throws after `withinMs`. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  { withinMs = 25_000, everyMs = 20 }: { withinMs?: number; everyMs?: number } = {},
): Promise<number> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(everyMs);
  }
  return performance.now() - began;
}
