import { limits } from '@baton/contracts';
import type { ProgressNote } from '../execution/progress-note.js';

/** @throws RangeError, TypeError naming what was given and what is allowed */
export function progressOf(fraction: number, data: unknown): ProgressNote {
  if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= 1)) {
    throw new RangeError(`progress was given ${String(fraction)}; allowed: a number from 0 to 1`);
  }
  return data === undefined
    ? { fraction }
    : { fraction, data: toJson('progress', data, limits.progressBytes) };
}

/** @throws RangeError, TypeError naming what was given and what is allowed */
export function checkpointOf(data: unknown): ProgressNote {
  return { checkpoint: toJson('checkpoint', data, limits.checkpointBytes) };
}

function toJson(caller: string, data: unknown, most: number): string {
  const json = JSON.stringify(data) as string | undefined;
  if (json === undefined)
    throw new TypeError(`${caller} was given a ${typeof data}, which JSON does not have`);
  const bytes = json.length * 3 > most ? Buffer.byteLength(json) : 0;
  if (bytes > most)
    throw new RangeError(`${caller} was given ${bytes} bytes as JSON; allowed: at most ${most}`);
  return json;
}
