import type { BatonClient, FlowHandle } from '@baton/client';
import './thumbnails.types.js';

const widths = [160, 640, 1280];

/** A thumbnail of each width, and then a report of them all, of those that failed too. Said twice, it is done once. */
export function publishUpload(baton: BatonClient, upload: string): Promise<FlowHandle> {
  const thumbnails = widths.map((width) => ({
    name: `w${width}`,
    queue: 'make-thumbnail' as const,
    payload: { upload, width },
  }));
  const report = {
    name: 'report',
    queue: 'report-upload' as const,
    payload: { upload },
    dependsOn: thumbnails.map(({ name }) => ({ job: name, onFailure: 'run' as const })),
  };
  return baton.enqueueFlow([...thumbnails, report], { idempotencyKey: `publish:${upload}` });
}

/** However often a gallery changes, it is made anew once: when it has been quiet for ten seconds. */
export async function galleryChanged(baton: BatonClient, gallery: string): Promise<string> {
  const { id } = await baton.enqueue(
    'refresh-gallery',
    { gallery },
    { unique: { fields: ['gallery'], onConflict: 'debounce', within: '10s' } },
  );
  return id;
}
