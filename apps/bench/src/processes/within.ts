import { BenchError } from '../bench.error.js';

/** Waits no longer than `seconds`. Rejects with a BenchError that says what took longer. */
export async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new BenchError(`${what} took longer than ${seconds} s`)),
      seconds * 1_000,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is there. Rejects with a BenchError after `seconds`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  { seconds, everyMs }: { seconds: number; everyMs: number },
): Promise<T> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new BenchError(`${what} took longer than ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
