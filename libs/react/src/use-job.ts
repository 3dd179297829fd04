import {
  type JobProgress,
  JobReader,
  type JobReaderOptions,
  type JobView,
  type ResultOf,
} from '@baton/client';
import { useEffect, useRef, useState } from 'react';
import { type Followed, followJob } from './follow-job.js';

/** Where the services are, and how a token is renewed; as JobReader takes them. A new object at each render does no harm. */
export type UseJobOptions = Omit<JobReaderOptions, 'id' | 'token'>;

export interface WatchedJob<Result> {
  /** Undefined before the first event. */
  state: JobView['state'];
  attempt: number | undefined;
  progress: JobProgress | undefined;
  /** Of the attempt that failed last, while the job will be tried again. */
  attemptError: JobView['error'];
  /** The job has ended, and `result` or `error` say how; or it cannot be watched, and `error` says why. */
  done: boolean;
  result: Result | undefined;
  /** JobEndedError of a job that is dead or was cancelled; BatonError otherwise. */
  error: Error | undefined;
}

const nothing: Followed = { view: {}, done: false };

/**
 * Watches a job in a component: `const { state, progress, result, error } = useJob(job, { gatewayUrl, url })`. The watch
 * begins when the component is mounted and ends when it is gone, or is given another job; a token that changes is taken
 * without a new watch. A watch that begins again (StrictMode, other options) goes on from where it was.
 * @param job undefined or null: there is none yet
 */
export function useJob<Queue extends string = string>(
  job: { id: string; token: string; queue?: Queue } | null | undefined,
  options: UseJobOptions,
): WatchedJob<ResultOf<Queue>> {
  const { id, token } = job ?? {};
  const [told, setTold] = useState<{ id: string | undefined; followed: Followed }>({
    id: undefined,
    followed: nothing,
  });
  const latest = useRef({ token, options });
  const place = useRef<{ id: string; view: JobView } | undefined>(undefined);
  const reader = useRef<JobReader | undefined>(undefined);

  useEffect(() => {
    latest.current = { token, options };
    if (token !== undefined) reader.current?.useToken(token);
  });

  const { gatewayUrl, url, channels } = options;
  const where = JSON.stringify([gatewayUrl, url, channels]);
  useEffect(() => {
    if (id === undefined) return undefined;
    const stop = new AbortController();
    const mine = new JobReader({ ...readerOptions(latest), id, token: latest.current.token ?? '' });
    reader.current = mine;
    const from = place.current?.id === id ? place.current.view : {};
    void followJob(mine, {
      from,
      signal: stop.signal,
      onChange: (followed) => {
        place.current = { id, view: followed.view };
        setTold({ id, followed });
      },
    }).finally(() => mine.close());
    return () => {
      stop.abort();
      mine.close();
      if (reader.current === mine) reader.current = undefined;
    };
  }, [id, where]);

  // What was told of another job is not shown as this one's, not even for one render.
  const { view, done, result, error } = told.id === id ? told.followed : nothing;
  return {
    state: view.state,
    attempt: view.attempt,
    progress: view.progress,
    attemptError: done ? undefined : view.error,
    done,
    result: result as ResultOf<Queue> | undefined,
    error,
  };
}

/** Callbacks are called as the latest render gave them. */
function readerOptions(latest: { current: { options: UseJobOptions } }): UseJobOptions {
  const { refreshToken, ...options } = latest.current.options;
  return {
    ...options,
    onChannel: (status) => latest.current.options.onChannel?.(status),
    ...(refreshToken && {
      refreshToken: (token: string) => (latest.current.options.refreshToken ?? refreshToken)(token),
    }),
  };
}
