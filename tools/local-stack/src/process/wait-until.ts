import { setTimeout as delay } from 'node:timers/promises';

/** Asks every `everyMs` until the condition holds; false when it did not within `withinMs`. */
export async function waitUntil(
  condition: () => Promise<boolean> | boolean,
  withinMs: number,
  everyMs = 20,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(everyMs);
  }
  return true;
}
