import type { DispatchMode } from '@baton/contracts';
import sharp from 'sharp';
import { ProcessFailedError } from '../local-stack.error.js';
import { waitUntil } from '../process/wait-until.js';
import { drawCheckpoints } from './checkpoints.js';
import { FirstJobsApi, type FileResult, type FirstJobsApiOptions } from './first-jobs-api.js';
import type { TraceCollector } from './traces.js';

export interface FirstJobsOptions extends FirstJobsApiOptions {
  /** One job for each. */
  modes: readonly DispatchMode[];
  /** Absent where the user sends traces somewhere else. */
  traces?: TraceCollector | undefined;
  print: (line: string) => void;
}

const queue = 'render';
const source = { width: 640, height: 400 };
const wanted = { width: 320, height: 200, format: 'webp' } as const;
const announcedWithinMs = 30_000;
const resultWithinMs = 60_000;
const spansWithinMs = 5_000;

/**
 * Runs one job of the built-in handler `render` through each mode, by the public API alone: a picture made
 * smaller. Prints its checkpoints and its trace, and leaves the queue in the mode it had. Throws
 * ProcessFailedError if a job does not come back as the picture that was asked for.
 */
export async function runFirstJobs({ modes, traces, print, ...access }: FirstJobsOptions): Promise<void> {
  const api = new FirstJobsApi(access);
  const before = await announcedMode(api);
  try {
    for (const mode of modes) await runOne(api, mode, { traces, print });
  } finally {
    await api.setDispatchMode(queue, before);
  }
}

async function announcedMode(api: FirstJobsApi): Promise<DispatchMode> {
  let mode: DispatchMode | undefined;
  const isAnnounced = async (): Promise<boolean> => (mode = await api.dispatchMode(queue)) !== undefined;
  await waitUntil(isAnnounced, announcedWithinMs, 100);
  if (!mode)
    throw new ProcessFailedError(
      `No worker announced the queue ${queue} within ${announcedWithinMs / 1000} s`,
    );
  return mode;
}

async function runOne(
  api: FirstJobsApi,
  mode: DispatchMode,
  { traces, print }: Pick<FirstJobsOptions, 'traces' | 'print'>,
): Promise<void> {
  await api.setDispatchMode(queue, mode);
  const { id } = await api.enqueue(queue, { source: await makePicture(), ...wanted });
  const { file } = await waitForFile(api, id);
  await checkPicture(await api.download(file.url));

  const job = await api.job(id);
  print(
    `\nA first job by ${mode}: ${id} made a picture of ${source.width}×${source.height} ${wanted.width}×${wanted.height} (${file.mediaType}, ${file.size} bytes)`,
  );
  print(drawCheckpoints(job));
  if (traces) print(await traces.drawTrace(job.traceId, spansWithinMs));
}

async function waitForFile(api: FirstJobsApi, id: string): Promise<FileResult> {
  const deadline = performance.now() + resultWithinMs;
  while (performance.now() < deadline) {
    const result = await api.waitForResult(id);
    if (result) return result;
  }
  throw new ProcessFailedError(
    `Job ${id} has no result after ${resultWithinMs / 1000} s; it is ${JSON.stringify(await api.job(id))}`,
  );
}

/** A picture with something to see in it, as base64. */
async function makePicture(): Promise<string> {
  const { width, height } = source;
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    pixels[i * 3] = ((i % width) * 255) / width;
    pixels[i * 3 + 1] = (Math.floor(i / width) * 255) / height;
    pixels[i * 3 + 2] = 128;
  }
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return png.toString('base64');
}

async function checkPicture(bytes: Buffer): Promise<void> {
  const { format, width, height } = await sharp(bytes).metadata();
  if (format === wanted.format && width === wanted.width && height === wanted.height) return;
  throw new ProcessFailedError(
    `The picture came back as ${width}×${height} ${format}; wanted was ${wanted.width}×${wanted.height} ${wanted.format}`,
  );
}
