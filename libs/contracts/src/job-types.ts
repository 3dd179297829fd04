/**
 * The payload and the result of each queue's jobs, for those who want them typed. Empty here; it grows by
 * declaration merging, in the one file that a handler and its callers share:
 *
 * ```ts
 * declare module '@baton/contracts' {
 *   interface JobTypes {
 *     'thumbnails': { payload: { url: string }; result: { width: number; height: number } };
 *   }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by declaration merging
export interface JobTypes {}

/** The payload of a queue's jobs; `unknown` for a queue that is not in {@link JobTypes}. */
export type PayloadOf<Queue extends string> = Queue extends keyof JobTypes
  ? JobTypes[Queue] extends { payload: infer Payload }
    ? Payload
    : unknown
  : unknown;

/** The result of a queue's jobs; `unknown` for a queue that is not in {@link JobTypes}. */
export type ResultOf<Queue extends string> = Queue extends keyof JobTypes
  ? JobTypes[Queue] extends { result: infer Result }
    ? Result
    : unknown
  : unknown;
