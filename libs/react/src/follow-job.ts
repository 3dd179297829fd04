import { isEnd, type JobEvent, type JobReader, type JobView, viewAfter } from '@baton/client';

/** What has been told of a job so far, and what came of it. */
export interface Followed {
  view: JobView;
  /** It is over: the job has ended and `result` or `error` say how, or it cannot be watched. */
  done: boolean;
  result?: unknown;
  /** JobEndedError of a job that is dead or cancelled; why it cannot be watched, else. */
  error?: Error;
}

/**
 * Follows a job to its end, from where `from` is.
 * @param options.onChange hears of each change, and of nothing once the signal has aborted
 */
export async function followJob(
  reader: JobReader,
  { from, signal, onChange }: { from: JobView; signal: AbortSignal; onChange: (followed: Followed) => void },
): Promise<void> {
  const change = (followed: Followed): void => {
    if (!signal.aborted) onChange(followed);
  };
  let view = from;
  try {
    let last: JobEvent | undefined;
    const cursor = from.cursor === undefined ? {} : { cursor: from.cursor };
    for await (const event of reader.events({ ...cursor, signal })) {
      view = viewAfter(view, event);
      last = event;
      // The end is told together with what came of the job.
      if (!isEnd(event)) change({ view, done: false });
    }
    const known = last?.type === 'job.succeeded' && 'result' in last.data;
    const result = known ? last!.data['result'] : (await reader.result({ signal })).result;
    change({ view, done: true, result });
  } catch (error) {
    change({ view, done: true, error: error instanceof Error ? error : new Error(String(error)) });
  }
}
